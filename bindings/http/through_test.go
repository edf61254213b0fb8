package http_test

import (
	"bytes"
	"fmt"
	"io"
	nethttp "net/http"
	"strings"
	"testing"
	"time"
)

// BenchmarkThrough has a SOAP call go through the gateway and back, and beside it, call about call, the same bytes that are no SOAP: what
// else the machine does hits both. The metric soap/plain is the time of the one divided by the other's; at most 1.05 is wanted.
func BenchmarkThrough(b *testing.B) {
	for _, nodes := range []int{1, 2} {
		for _, size := range []int{1 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("%d_node/%d", nodes, size), func(b *testing.B) { through(b, nodes, size) })
		}
	}
}

func through(b *testing.B, nodes, size int) {
	b.Helper()
	w := newWorld(b, nodes)
	w.add("calc")
	w.serve("calc", func(out nethttp.ResponseWriter, r *nethttp.Request) {
		all, _ := io.ReadAll(r.Body)
		_, _ = out.Write(all)
	})
	body := []byte(strings.Replace(fmt.Sprintf(envelope12, ""), "<Add/>", "<Add>"+strings.Repeat("7", size)+"</Add>", 1))
	call := func(kind string) time.Duration {
		began := time.Now()
		res, err := w.client.Post("https://"+w.Node(0).Host("https")+"/calc", kind, bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if err != nil || int(n) != len(body) {
			b.Fatalf("%d bytes, %v", n, err)
		}
		return time.Since(began)
	}
	var plain, soap time.Duration
	for b.Loop() {
		plain += call("application/octet-stream")
		soap += call(type12)
	}
	b.ReportMetric(float64(soap)/float64(plain), "soap/plain")
}
