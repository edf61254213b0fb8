package hybrid_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/causeway-relay/causeway/hybrid"
)

// TestOnlyOnePortIsReached: a listener whose firewall lets it reach nothing but its own node serves senders of all nodes, and turns
// them away, at once or after the time that a dropped packet costs; that is paid once.
func TestOnlyOnePortIsReached(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]hybrid.ListenOption{"frames": nil, "bytes": {hybrid.WithBytes()}, "standby": {hybrid.WithStandby(1)}} {
		t.Run(name, func(t *testing.T) {
			bubbles(t, func(s *set) {
				var dropped, refusing atomic.Int64
				wall := hybrid.WithNetDial(func(ctx context.Context, network, address string) (net.Conn, error) {
					if !strings.HasPrefix(s.listen, "Endpoint=sb://"+address+"/") {
						dropped.Add(1)
						<-ctx.Done()
						return nil, context.Cause(ctx)
					}
					return s.connect(ctx, network, address)
				})
				l := s.listener(append(options, wall, hybrid.WithAcceptHook(func(context.Context, *hybrid.Request) (string, error) {
					if refusing.Load() > 0 {
						return "", hybrid.Reject(418, "no")
					}
					return "", nil
				}))...)
				for range 3 {
					near, far := s.pair(l)
					if _, err := near.Write([]byte("hello")); err != nil {
						s.t.Fatal(err)
					}
					if _, err := io.ReadFull(far, make([]byte, 5)); err != nil {
						s.t.Fatal(err)
					}
				}
				refusing.Store(1)
				for range 2 {
					if c, err := s.dial(); err == nil {
						c.Abort()
						s.t.Error("a sender was not turned away")
					} else if no, ok := errors.AsType[*hybrid.Error](err); !ok || no.Status != 418 {
						s.t.Errorf("the no: %v", err)
					}
				}
				if n := dropped.Load(); n > 1 {
					s.t.Errorf("%d dials were dropped: it was not remembered", n)
				}
			})
		})
	}
}
