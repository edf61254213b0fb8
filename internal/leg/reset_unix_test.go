//go:build unix

package leg_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
)

// carried is a wrapper such as those of connections between nodes: a leg cannot read it the kernel's way.
type carried struct{ net.Conn }

func (c carried) Below() net.Conn { return c.Conn }

// TestResetToldOnce: when a write was told of the peer's reset, the read behind it still finds a loss and no end.
func TestResetToldOnce(t *testing.T) {
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"bare":    func(c net.Conn) net.Conn { return c },
		"carried": func(c net.Conn) net.Conn { return carried{c} },
	} {
		t.Run(name, func(t *testing.T) {
			peer, conn := socketPair(t)
			l := leg.NewTCP(wrap(conn), nil, 20*time.Second)
			defer l.Close()
			tcp := peer.(*net.TCPConn) //nolint:forcetypeassert // it is what the pair is made of
			if err := errors.Join(tcp.SetLinger(0), tcp.Close()); err != nil {
				t.Fatal(err)
			}
			batch := shape.Batch{Buf: make([]byte, shape.Headroom+1), Pieces: []shape.Piece{{Off: shape.Headroom, Len: 1, Last: true}}}
			var err error
			for err == nil {
				err = l.Write(&batch)
			}
			var end *shape.End
			if err := l.Read(&batch); !errors.As(err, &end) || end.Why != fail.Aborted {
				t.Errorf("the read gives %v", err)
			}
		})
	}
}
