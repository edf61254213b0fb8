package nettcp_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/hybrid"
)

// TestSaidBefore: what a client says behind its preamble before its listener has come, however long that takes, is there in one piece
// behind the preamble: the watch on the client takes no byte of it. In memory the watch reads; a socket of the system's it leaves alone.
func TestSaidBefore(t *testing.T) {
	t.Run("in memory", func(t *testing.T) {
		bubbles(t, func(w *world) {
			w.saidBefore(func(said bool) {
				if !said {
					<-time.After(time.Second)
				}
				synctest.Wait()
			})
		})
	})
	t.Run("sockets", func(t *testing.T) {
		both(t, func(w *world) {
			w.saidBefore(func(said bool) {
				if said {
					w.AwaitWatches(0)
				} else {
					w.AwaitWatches(1)
				}
			})
		})
	})
}

// saidBefore is the story; watched waits until the client is watched, and then until the watch has seen what it said.
func (w *world) saidBefore(watched func(said bool)) {
	w.t.Helper()
	asked, come := make(chan struct{}, 1), make(chan struct{})
	conns := w.listen("calc", hybrid.WithAcceptHook(func(ctx context.Context, _ *hybrid.Request) (string, error) {
		asked <- struct{}{}
		select {
		case <-come:
		case <-ctx.Done():
		}
		return "", nil
	}))
	client := w.dial()
	preamble := w.preamble("calc")
	w.send(client, preamble)
	<-asked
	watched(false)
	words := bytes.Repeat([]byte("words "), 100)
	w.send(client, words)
	watched(true)
	close(come)
	service := w.take(conns)
	w.expect(service, preamble)
	w.atOnce(service, words)
}

// atOnce wants all of it in one read.
func (w *world) atOnce(c net.Conn, want []byte) {
	w.t.Helper()
	got := make([]byte, len(want)+1)
	if n, err := c.Read(got); err != nil && err != io.EOF || !bytes.Equal(got[:n], want) {
		w.t.Errorf("the first read has %d bytes of %d: %v", n, len(want), err)
	}
}
