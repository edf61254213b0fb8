package nettcp

import (
	"fmt"
	"testing"

	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// BenchmarkMono: calls of Mono's client at Mono's service, directly and through the gateway, in one run. A round is 60 calls of one client, or of
// each of 32 at once; the gateway runs in this process. Mono itself answers once in 50 ms: what counts is what is added.
func BenchmarkMono(b *testing.B) {
	interop.Need(b, "mono")
	services, clients := mono.Start(b), mono.Start(b)
	serve := func(at func(listen string) (address string)) string { // a service for each way: it answers to its address alone
		listen := "127.0.0.1:" + interop.FreePort(b)
		address := at(listen)
		services.ServiceAt("tcp", "echo", address, "net.tcp://"+listen+"/echo")
		return address
	}
	ways := []struct{ name, address string }{{"direct", serve(func(listen string) string { return "net.tcp://" + listen + "/echo" })}}
	for nodes := 1; nodes <= 2; nodes++ {
		c := testcluster.New(b, nodes)
		s := interop.NewStand(b, c.Node(nodes-1).Ready(), c.Node(0).Ready())
		s.Cluster = c
		address := serve(func(listen string) string {
			expose(b, s, "echo", listen)
			return "net.tcp://" + door(s) + "/echo"
		})
		ways = append(ways, struct{ name, address string }{[]string{"", "one node", "two nodes"}[nodes], address})
	}
	for _, atOnce := range []int{1, 32} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("%d/%s", atOnce, way.name), func(b *testing.B) {
				for b.Loop() {
					p50, p99, rate := clients.Time("tcp", way.address, atOnce, 60)
					b.ReportMetric(float64(p50.Microseconds()), "p50-us")
					b.ReportMetric(float64(p99.Microseconds()), "p99-us")
					b.ReportMetric(rate, "calls/s")
				}
			})
		}
	}
}
