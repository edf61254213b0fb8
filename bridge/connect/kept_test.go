package connect_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
)

// TestConvertKeeps: calls in a row are sessions of few connections at the service of net.tcp, and what is kept goes when its connector does.
func TestConvertKeeps(t *testing.T) {
	both(t, func(w *world) {
		const calls = 12
		w.Add(&entity.Entity{Name: "desk", Kind: entity.HTTP, AnonymousSenders: true})
		ended := make(chan int, 4*calls) // connections, as how many messages they brought
		l := service(t, "tcp", "127.0.0.1:0", func(c net.Conn) {
			brought := 0
			_ = framed.Serve(t.Context(), c, 1<<20, func(string, string) (framed.Handler, error) {
				return func(_ context.Context, envelope []byte) ([]byte, error) {
					brought++
					l, err := decode(envelope, binarySession)
					if err != nil {
						return nil, err
					}
					return encode(counter(l), binarySession)
				}, nil
			})
			ended <- brought
		})
		e := w.bridge(w.listen, connect.Connector{Listen: "desk", Target: "net.tcp://" + l.Addr().String() + "/desk", Convert: connect.Convert{As: "basicHttp"}})
		e.await(connect.ListenerConnected)
		for range calls {
			if status, text := post(t, "http://"+w.Node(0).Host("http")+"/desk", "urn:desk/Ask"); status != http.StatusOK {
				t.Fatalf("%d %s", status, text)
			}
		}
		if err := e.Apply(nil); err != nil {
			t.Fatal(err)
		}
		connections, late := 0, time.After(patience/2)
		for brought := 0; brought < calls; {
			select {
			case n := <-ended:
				brought += n
				if n > 0 {
					connections++
				}
			case <-late:
				t.Fatalf("%d of %d messages were on connections that have ended", brought, calls)
			}
		}
		if connections > calls/2 { // one, unless the service was slow to take a session
			t.Errorf("%d connections for %d calls", connections, calls)
		}
	})
}
