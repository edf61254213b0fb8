package wsconn

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// script is a carrier that gives bytes in pieces of a size, then its end; what is written is swallowed.
type script struct {
	net.Conn

	bytes *bytes.Reader
	piece int
}

func (s *script) Read(p []byte) (int, error)       { return s.bytes.Read(p[:min(len(p), s.piece)]) }
func (s *script) Write(p []byte) (int, error)      { return len(p), nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// FuzzRead: whatever a gateway sends, in whatever pieces, bytes and messages agree: the same payload, the same end, and an end
// of TCP without a Close is never io.EOF.
func FuzzRead(f *testing.F) {
	frame := func(op wsframe.Op, fin bool, payload string) []byte {
		return wsframe.AppendFrame(nil, wsframe.Header{Op: op, Fin: fin, Len: int64(len(payload))}, []byte(payload))
	}
	f.Add([]byte(nil), 1)
	f.Add(bytes.Join([][]byte{
		frame(wsframe.Text, false, "a"), frame(wsframe.Ping, true, "p"), frame(wsframe.Cont, true, ""), frame(wsframe.Binary, true, ""),
		frame(wsframe.Binary, true, string(make([]byte, 10_000))), frame(wsframe.Close, true, "\x03\xe8done"),
	}, nil), 7)
	f.Add(frame(wsframe.Close, true, ""), 3)
	f.Add(frame(wsframe.Close, true, "\x0f\xa1"), 5000)
	f.Add(append(frame(wsframe.Binary, true, "x"), 0x82, 0x05, 'c', 'u'), 2)
	f.Add([]byte{0x82, 0xff, 0, 0}, 1)                                                    // masked
	f.Add([]byte{0x82, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3}, 4) // longer than anything
	f.Fuzz(func(t *testing.T, sent []byte, piece int) {
		open := func() *Conn {
			carrier, _ := netx.Pipe()
			return named(&script{carrier, bytes.NewReader(sent), max(piece, 1)}, "fuzz")
		}
		asBytes, end := io.ReadAll(open())
		if end == nil {
			end = io.EOF
		}
		var asMessages []byte
		c := open()
		for {
			_, m, err := c.ReadMessage(nil)
			asMessages = append(asMessages, m...)
			if err == nil {
				continue
			}
			if err.Error() != end.Error() {
				t.Errorf("bytes end with %v, messages with %v", end, err)
			}
			break
		}
		if !bytes.Equal(asBytes, asMessages) {
			t.Errorf("%d bytes, %d by message", len(asBytes), len(asMessages))
		}
		if _, _, closed := c.PeerClose(); !closed && errors.Is(end, io.EOF) {
			t.Error("an end without a Close is io.EOF")
		}
	})
}
