package connect_test

import (
	"testing"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// TestThrough: a client of the local socket talks to the service, and both ends say the same of the connection.
func TestThrough(t *testing.T) {
	both(t, func(w *world) {
		l := w.listener("tcp://" + service(t, "tcp", "127.0.0.1:0", echo).Addr().String())
		f, address := w.forward()
		c := dial(w.t, address)
		says(w.t, c, "hello")
		says(w.t, c, "again")
		if err := c.CloseWrite(); err != nil {
			w.t.Fatal(err)
		}
		for _, e := range []*ends{l, f} {
			if ev := e.await(connect.Closed); ev.Reason != fail.PeerClosed || ev.In != 10 || ev.Out != 10 || ev.Entity != "hyco" || ev.Remote == "" {
				w.t.Errorf("%+v", ev)
			}
		}
	})
}
