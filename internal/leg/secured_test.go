package leg_test

import (
	"crypto/tls"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
)

// TestGoodbye: bytes over TLS end in order with the goodbye of TLS alone. A bare FIN, as the system sends for a process that was
// killed, is a loss.
func TestGoodbye(t *testing.T) {
	for name, row := range map[string]struct {
		end  func(peer *tls.Conn) error
		want fail.Code
	}{
		"goodbye":           {func(p *tls.Conn) error { return p.CloseWrite() }, fail.PeerClosed},
		"goodbye and a FIN": {func(p *tls.Conn) error { return p.Close() }, fail.PeerClosed},
		"FIN":               {func(p *tls.Conn) error { return p.NetConn().(*net.TCPConn).CloseWrite() }, fail.Aborted},
		"killed":            {func(p *tls.Conn) error { return p.NetConn().Close() }, fail.Aborted},
	} {
		t.Run(name, func(t *testing.T) {
			near, ours := tlsPair(t)
			peer := near.(*tls.Conn)
			_ = ours.SetDeadline(time.Now().Add(30 * time.Second))
			l := leg.NewTCP(ours, nil, 0)
			defer l.Close()
			if _, err := peer.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			if err := row.end(peer); err != nil {
				t.Fatal(err)
			}
			var got []byte
			for {
				var b shape.Batch
				err := l.Read(&b)
				if err == nil {
					for _, p := range b.Pieces {
						got = append(got, b.Buf[p.Off:p.Off+p.Len]...)
					}
					continue
				}
				end, ok := errors.AsType[*shape.End](err)
				if !ok || end.Why != row.want || string(got) != "hello" {
					t.Errorf("%v behind %q, want %s", err, got, row.want)
				}
				return
			}
		})
	}
}
