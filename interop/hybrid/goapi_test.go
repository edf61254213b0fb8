package hybrid

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	api "github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/interop"
)

// verdict is what a listener of these stories says of a message before it sends it back.
type verdict struct {
	Text   bool   `json:"text"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func judge(kind api.MessageType, m []byte) verdict {
	sum := sha256.Sum256(m)
	return verdict{kind == api.Text, len(m), hex.EncodeToString(sum[:])}
}

// goListener listens by the Go API as talk-listener.js does by hyco-ws: it judges each message and sends it back.
func goListener(t *testing.T, s *interop.Stand, options ...api.ListenOption) *api.Listener {
	t.Helper()
	cs := connectionString(s, s.Listen)
	l, err := api.Listen(t.Context(), cs, append([]api.ListenOption{api.WithEntity(interop.Hyco), api.WithCAFile(s.CA), api.WithBacklog(256)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	var runs sync.WaitGroup
	runs.Go(func() {
		for {
			c, err := l.AcceptConn()
			if err != nil {
				return
			}
			runs.Go(func() { answer(t, c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		runs.Wait()
	})
	return l
}

func connectionString(s *interop.Stand, door string) string {
	return "Endpoint=sb://" + door + "/;SharedAccessKeyName=" + s.Rule + ";SharedAccessKey=" + s.Key
}

// answer serves one sender; a Close goes back with its code.
func answer(t *testing.T, c *api.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
	var buf []byte
	for {
		kind, m, err := c.ReadMessage(buf)
		if closed, ok := errors.AsType[*api.CloseError](err); ok {
			_ = c.CloseWriteCode(closed.Code, closed.Text)
			return
		}
		if err == nil {
			var b []byte
			if b, err = json.Marshal(judge(kind, m)); err == nil {
				err = errors.Join(c.WriteMessage(api.Text, b), c.WriteMessage(kind, m))
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Errorf("a sender's stream: %v", err)
			}
			return
		}
		buf = m
	}
}

// TestGoListens: senders by hyco-ws, their sizes, their numbers, their closes and sub-protocols.
func TestGoListens(t *testing.T) {
	interop.Need(t, "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		l := goListener(t, s, api.WithAcceptHook(func(_ context.Context, r *api.Request) (string, error) {
			if len(r.Subprotocols) > 0 && r.URL.Path != "/hyco/deep/er" {
				return "", api.Reject(400, "wrong path: "+r.URL.Path)
			}
			if strings.Join(r.Subprotocols, "") == "" {
				return "", nil
			}
			return "mqtt", nil
		}))
		for _, args := range [][]string{
			{"talk-volume.js", "sizes", "0", "1", "125", "126", "65535", "65536", "1048576", "16777216"},
			{"talk-volume.js", "concurrent", "200"},
			{"talk-volume.js", "sequential", "100"},
			{"talk-close.js", "protocols", "wamp,mqtt,soap", "mqtt"},
			{"ws-sender.js"},
		} {
			s.Node(t, s.Sender(interop.Hyco), args[0], args[1:]...).Finish(2 * time.Minute)
		}
		holder := sender(t, s, "hold")
		holder.Await(`^held$`)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		holder.Say("again") // streams outlive their listener
		holder.Await(`^held$`)
		holder.Hush()
		holder.Finish(interop.Patience)
		sender(t, s, "knock").Await(`^unexpected server response \(404\)$`)
	})
}

// TestGoDials: a listener by hyco-ws, every size of frame, either side closing, its death.
func TestGoDials(t *testing.T) {
	interop.Need(t, "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		listener := talk(t, s)
		first := goDial(t, s, api.WithTarget("/deep/er?x=%20"), api.WithSubprotocols("wamp", "mqtt"))
		listener.Await(`^open wamp /\$hc/hyco/deep/er$`)
		if first.Subprotocol() != "wamp" {
			t.Errorf("sub-protocol %q", first.Subprotocol())
		}
		for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20, 16 << 20} {
			for _, kind := range []api.MessageType{api.Text, api.Binary} {
				exchange(t, first, kind, bytes.Repeat([]byte("x"), size))
			}
		}
		if err := first.CloseWriteCode(4001, "enough of this"); err != nil {
			t.Error(err)
		}
		listener.Await(`^closed 4001 enough of this$`)
		if closed, ok := errors.AsType[*api.CloseError](readOne(first)); !ok || closed.Code != 4001 {
			t.Errorf("its Close: %+v", closed)
		}
		second := goDial(t, s)
		if err := second.WriteMessage(api.Text, []byte("!close 1000 done")); err != nil {
			t.Error(err)
		}
		if err := readOne(second); err != io.EOF {
			t.Errorf("its Close: %v", err)
		}
		third := goDial(t, s)
		exchange(t, third, api.Binary, []byte("before"))
		listener.Kill()
		if err := readOne(third); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("its death: %v", err)
		}
	})
}

func goDial(t *testing.T, s *interop.Stand, options ...api.DialOption) *api.Conn {
	t.Helper()
	c, err := api.Dial(t.Context(), connectionString(s, s.Send), append([]api.DialOption{api.WithEntity(interop.Hyco), api.WithCAFile(s.CA)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// exchange sends one message and holds the listener's verdict and the echo against it.
func exchange(t *testing.T, c *api.Conn, kind api.MessageType, m []byte) {
	t.Helper()
	if err := c.WriteMessage(kind, m); err != nil {
		t.Fatal(err)
	}
	_, text, err := c.ReadMessage(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got verdict
	if err := json.Unmarshal(text, &got); err != nil || got != judge(kind, m) {
		t.Errorf("the listener got %s, want %+v", text, judge(kind, m))
	}
	back, echo, err := c.ReadMessage(nil)
	if err != nil || back != kind || !bytes.Equal(echo, m) {
		t.Errorf("%d bytes came back as %d, %v", len(m), len(echo), err)
	}
}

func readOne(c *api.Conn) error {
	_, err := c.Read(make([]byte, 1))
	return err
}
