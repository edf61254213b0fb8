package wcfhttp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// BenchmarkMono: calls of Mono's BasicHttp client, directly and through the gateway, in one run; the gateway and the connector run in
// this process. Mono's service takes a request every 50 or 100 ms, whoever asks, which hides what a gateway adds. So there is a
// service of ours too, which answers at once: with it the difference is the gateway's.
func BenchmarkMono(b *testing.B) {
	interop.Need(b, "mono")
	services, clients := mono.Start(b), mono.Start(b)
	for _, service := range []struct {
		name, at string
		calls    int
	}{{"its own", services.Service("basic", "echo"), 40}, {"ours", adder(b), 400}} {
		ways := []struct{ name, address string }{{"direct", service.at}}
		for nodes := 1; nodes <= 2; nodes++ {
			c := testcluster.New(b, nodes)
			s := interop.NewStand(b, c.Node(nodes-1).Ready(), c.Node(0).Ready())
			s.Cluster = c
			add(s, "calc")
			connector(b, s, "calc", service.at)
			ways = append(ways, struct{ name, address string }{[]string{"", "one node", "two nodes"}[nodes], "http://" + door(s) + "/calc"})
		}
		for _, atOnce := range []int{1, 4} {
			for _, way := range ways {
				b.Run(fmt.Sprintf("%s/%d/%s", service.name, atOnce, way.name), func(b *testing.B) {
					for b.Loop() {
						p50, p99, rate := clients.Time("basic", way.address, atOnce, service.calls/atOnce)
						b.ReportMetric(float64(p50.Microseconds()), "p50-us")
						b.ReportMetric(float64(p99.Microseconds()), "p99-us")
						b.ReportMetric(rate, "calls/s")
					}
				})
			}
		}
	}
}

// adder is a service that answers the one operation that is timed, always with the same.
func adder(b *testing.B) (address string) {
	b.Helper()
	const answer = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` +
		`<AddResponse xmlns="http://tempuri.org/"><AddResult>1</AddResult></AddResponse></s:Body></s:Envelope>`
	service := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		out.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = io.WriteString(out, answer)
	}))
	b.Cleanup(service.Close)
	return service.URL + "/svc"
}
