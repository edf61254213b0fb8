package http_test

import (
	"bytes"
	"fmt"
	"io"
	nethttp "net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestAwarenessIsCheap: a SOAP call of 1 KiB and of 64 KiB takes as long as the same exchange that is no SOAP: call about call, so that
// what else the machine does hits both, and by the middle of many. The bound is wide, since tests share their machine; the figure is in the log.
func TestAwarenessIsCheap(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	both(t, func(w *world) {
		w.add("calc")
		w.serve("calc", func(out nethttp.ResponseWriter, r *nethttp.Request) {
			b, _ := io.ReadAll(r.Body)
			_, _ = out.Write(b)
		})
		for _, size := range []int{1 << 10, 64 << 10} {
			body := []byte(strings.Replace(fmt.Sprintf(envelope12, ""), "<Add/>", "<Add>"+strings.Repeat("7", size)+"</Add>", 1))
			took := map[string][]time.Duration{}
			for range 300 {
				for _, kind := range []string{"application/octet-stream", type12} {
					began := time.Now()
					res, err := w.client.Post("https://"+w.Node(0).Host("https")+"/calc", kind, bytes.NewReader(body))
					if err != nil {
						t.Fatal(err)
					}
					n, err := io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
					if err != nil || int(n) != len(body) {
						t.Fatalf("%d bytes, %v", n, err)
					}
					took[kind] = append(took[kind], time.Since(began))
				}
			}
			middle := func(kind string) time.Duration {
				slices.Sort(took[kind])
				return took[kind][len(took[kind])/2]
			}
			plain, soap := middle("application/octet-stream"), middle(type12)
			t.Logf("%d bytes: plain %v, SOAP %v, %+.1f %%", size, plain, soap, 100*(float64(soap)/float64(plain)-1))
			if soap > plain*3/2 {
				t.Errorf("%d bytes: a SOAP call takes %v, a plain exchange %v", size, soap, plain)
			}
		}
	})
}
