package testcluster

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/hybrid"
)

// upTime bounds the wait for a listener to come online.
const upTime = 30 * time.Second

// Serve answers the requests of an entity's senders by a listener at node i, from when it returns until the test ends. The handler sees the
// paths as they are sent.
func (c *Cluster) Serve(i int, name string, h http.Handler) {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	up, done := make(chan struct{}), make(chan error, 1)
	online := sync.OnceFunc(func() { close(up) })
	options := []hybrid.ListenOption{
		hybrid.WithEntity(name), hybrid.WithCAFile(c.CAFile()), hybrid.WithFullPath(), hybrid.WithEvents(func(ev hybrid.Event) {
			if ev.Kind == hybrid.Online {
				online()
			}
		}),
	}
	if c.o.host != nil {
		options = append(options, hybrid.WithNetDial(c.o.host.DialContext))
	}
	go func() { done <- hybrid.Serve(ctx, c.nodes[i].Ready().ConnectionString, h, options...) }()
	c.t.Cleanup(func() {
		cancel()
		<-done
	})
	select {
	case <-up:
	case err := <-done:
		done <- nil // for the cleanup
		c.t.Fatal(err)
	case <-time.After(upTime):
		c.t.Fatalf("no listener of %s comes online\n%s", name, c.Log())
	}
}
