package hybrid

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid/internal/handshake"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/wsconn"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// gatewaySays makes a connection to a gateway that sends these bytes and then ends TCP.
func gatewaySays(t *testing.T, b []byte) *Conn {
	t.Helper()
	near, far := netx.Pipe()
	_ = far.SetBuffer(len(b) + 1000)
	_ = near.SetBuffer(len(b) + 1000)
	if _, err := far.Write(b); err != nil {
		t.Fatal(err)
	}
	_ = far.CloseWrite()
	c := newConn(&handshake.Upgraded{Conn: near, Tracking: "tracked"}, &settings{}, "sb://host/hyco", near.LocalAddr(), address("sb://host/hyco"))
	t.Cleanup(func() { c.Abort(); _ = far.Close() })
	return c
}

func frame(op wsframe.Op, payload []byte) []byte {
	return wsframe.AppendFrame(nil, wsframe.Header{Fin: true, Op: op, Len: int64(len(payload))}, payload)
}

// TestEnds: each way a stream can end has its own error, and io.EOF is the good one alone.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		sent []byte
		code fail.Code
		text string
	}{
		{"TCP ends", nil, fail.Aborted, "unexpected EOF"},
		{"in a message", []byte{0x82, 5, 'x'}, fail.Aborted, "unexpected EOF"},
		{"a reserved bit", []byte{0xf2, 0}, fail.BadFrame, ""},
		{"a masked frame", []byte{0x82, 0x80, 1, 2, 3, 4}, fail.BadFrame, ""},
	} {
		_, err := io.ReadAll(gatewaySays(t, c.sent))
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Code != c.code || e.Op != "read" || e.Target != "sb://host/hyco" || e.TrackingID != "tracked" || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %#v", c.name, err)
		}
	}
	if _, err := io.ReadAll(gatewaySays(t, frame(wsframe.Close, wsframe.AppendClose(nil, 1000, "done")))); err != nil {
		t.Errorf("a good end: %v", err)
	}
	_, err := io.ReadAll(gatewaySays(t, frame(wsframe.Close, wsframe.AppendClose(nil, 1001, "the node shuts down"))))
	if e, ok := errors.AsType[*CloseError](err); !ok || e.Code != 1001 || !strings.Contains(err.Error(), "the node shuts down") {
		t.Errorf("a shutdown: %v", err)
	}
}

// TestLongMessage: ReadMessage has a bound; NextReader has none.
func TestLongMessage(t *testing.T) {
	t.Parallel()
	c := gatewaySays(t, append(frame(wsframe.Binary, make([]byte, 32<<20+1)), frame(wsframe.Text, []byte("behind"))...))
	_, b, err := c.ReadMessage(nil)
	if e, ok := errors.AsType[*Error](err); !ok || e.Code != fail.TooLarge || !errors.Is(err, wsconn.ErrTooLong) || e.Do == "" || len(b) != 32<<20 {
		t.Errorf("%d bytes, %#v", len(b), err)
	}
	if kind, b, err := c.ReadMessage(b); kind != Text || string(b) != "behind" || err != nil {
		t.Errorf("behind it: %v %q %v", kind, b, err)
	}
}

// TestLostKinds: what the pulse ends is told apart.
func TestLostKinds(t *testing.T) {
	c := gatewaySays(t, nil)
	for cause, code := range map[error]fail.Code{
		wsconn.ErrSilent: fail.Idle, net.ErrClosed: fail.Aborted, os.ErrDeadlineExceeded: fail.Aborted, wsframe.ErrTooLong: fail.BadFrame,
	} {
		if e, ok := errors.AsType[*Error](c.lost("write", cause)); !ok || e.Code != code || !errors.Is(e, cause) {
			t.Errorf("%v: %#v", cause, e)
		}
	}
}
