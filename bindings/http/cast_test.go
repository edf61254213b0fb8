package http_test

import (
	"context"
	"io"
	nethttp "net/http"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	manage "github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/trust"
)

// post11 is a message of SOAP 1.1 as PHP's client sends a one-way operation: it hangs up behind it, and reads nothing.
func (w *world) post11(relay, text string) {
	w.t.Helper()
	conn := w.dial()
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /"+relay+" HTTP/1.1\r\nHost: "+w.Node(0).Host("https")+"\r\nContent-Type: text/plain\r\nContent-Length: "+
		string(rune('0'+len(text)))+"\r\nConnection: close\r\n\r\n"+text); err != nil {
		w.t.Fatal(err)
	}
}

// TestCastOfOneWhoLeaves: a message that came whole is delivered, though its sender hung up behind it while it still waited for the
// listener to take the one before.
func TestCastOfOneWhoLeaves(t *testing.T) {
	both(t, func(w *world) {
		for name, kind := range map[string]entity.Kind{"jobs": entity.OneWay, "news": entity.Event} {
			w.add(name, func(e *entity.Entity) { e.Kind = kind })
			begun, more, got := make(chan struct{}, 1), make(chan struct{}), make(chan string, 9)
			l, err := hybrid.Listen(t.Context(), w.Node(w.last()).Ready().ConnectionString, hybrid.WithEntity(name), hybrid.WithCAFile(w.CAFile()),
				hybrid.WithReceiver(func(ctx context.Context, m *hybrid.Message) error {
					if string(m.Data) == "hold" {
						begun <- struct{}{}
						select {
						case <-more:
						case <-ctx.Done():
						}
					}
					got <- string(m.Data)
					return nil
				}))
			if err != nil {
				t.Fatal(err)
			}
			w.left(name, begun, more, got)
			_ = l.Close()
		}
	})
}

// left is the story of one relay. A message for one listener waits for two seconds and no longer: a machine on which the look at the queue
// takes that long plays it again.
func (w *world) left(name string, begun <-chan struct{}, more chan<- struct{}, got <-chan string) {
	w.t.Helper()
	for {
		w.post11(name, "hold")
		within(w.t, begun, "the listener has not got the first message")
		from := time.Now()
		w.post11(name, "last")
		stood := w.stands(name)
		slow := time.Since(from) > time.Second
		more <- struct{}{}
		if first := within(w.t, got, "nothing was taken"); first != "hold" {
			w.t.Fatalf("got %q", first)
		}
		switch {
		case stood:
			if last := within(w.t, got, "the message of the sender that left was not delivered"); last != "last" {
				w.t.Errorf("got %q", last)
			}
			return
		case !slow:
			w.t.Fatalf("%s: the message left the queue when its sender did", name)
		}
	}
}

// stands reports whether two messages, the one that is being taken and the one behind it, are there in twenty looks behind each other, which
// is longer than the gateway takes to see that a sender has gone.
func (w *world) stands(name string) bool {
	w.t.Helper()
	api, err := manage.New(manage.Params{ConnectionString: w.Node(w.last()).Ready().ConnectionString, Roots: trust.Roots{File: w.CAFile()}})
	if err != nil {
		w.t.Fatal(err)
	}
	defer api.Close()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for stood, until := 0, time.Now().Add(time.Second); stood < 20; <-tick.C {
		list, err := api.Listeners(w.t.Context(), name)
		if err != nil || len(list) != 1 {
			w.t.Fatalf("%+v, %v", list, err)
		}
		switch waiting := list[0].Casts.Waiting; {
		case waiting >= 2:
			stood++
		case stood > 0 || time.Now().After(until):
			return false
		}
	}
	return true
}

// TestCastMessage: how long a message may be is the sender's node's to say, up to what nodes and listeners take. One that is longer is
// refused in words that name the setting, in SOAP and on a WebSocket too, and nobody hears it.
func TestCastMessage(t *testing.T) {
	const most = 1 << 20 // the most that can be set
	both(t, func(w *world) {
		w.add("news", func(e *entity.Entity) { e.Kind = entity.Event })
		got := make(chan int, 9)
		l, err := hybrid.Listen(t.Context(), w.Node(w.last()).Ready().ConnectionString, hybrid.WithEntity("news"), hybrid.WithCAFile(w.CAFile()),
			hybrid.WithReceiver(func(_ context.Context, m *hybrid.Message) error {
				got <- len(m.Data)
				return nil
			}))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		sender, err := hybrid.Dial(t.Context(), w.Node(0).Ready().ConnectionString, hybrid.WithEntity("news"), hybrid.WithCAFile(w.CAFile()))
		if err != nil {
			t.Fatal(err)
		}
		defer sender.Close()
		_ = sender.SetDeadline(time.Now().Add(patience))
		whole := strings.Repeat("x", most)
		if a := w.call("POST", "news", whole, "Content-Type", "text/plain"); a.status != 202 {
			t.Errorf("the longest message: %+v", a)
		}
		if err := sender.WriteMessage(hybrid.Binary, []byte(whole)); err != nil {
			t.Error(err)
		}
		for range 2 {
			if n := within(t, got, "the longest message did not arrive"); n != most {
				t.Errorf("%d bytes arrived", n)
			}
		}
		const told = "longer than 1048576 bytes, which limits.castMessage allows"
		for kind, want := range map[string]string{"text/plain": `{"error"`, "text/xml": "faultstring"} {
			a := w.call("POST", "news", whole+"x", "Content-Type", kind, "SOAPAction", `"urn:a"`)
			if a.status != 413 || !strings.Contains(a.body, told) || !strings.Contains(a.body, want) || a.fields.Get("Causeway-Error") != "TooLarge" {
				t.Errorf("%s: %+v", kind, a)
			}
		}
		_ = sender.WriteMessage(hybrid.Binary, []byte(whole+"x")) // the gateway hangs up within it
		if _, _, err := sender.ReadMessage(nil); err == nil || !strings.Contains(err.Error(), "limits.castMessage") {
			t.Errorf("on a WebSocket: %v", err)
		}
		if a := w.call("POST", "news", "short", "Content-Type", "text/plain"); a.status != 202 {
			t.Errorf("a short message: %+v", a)
		}
		if n := within(t, got, "a short message did not arrive"); n != len("short") {
			t.Errorf("%d bytes arrived", n)
		}
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Limits.CastMessage = most }))
}

// TestRefusedMessageIsLast: who is refused before a long message was read is told that the connection ends with the answer: what is asked on it
// afterwards would be lost.
func TestRefusedMessageIsLast(t *testing.T) {
	both(t, func(w *world) {
		w.add("news", func(e *entity.Entity) { e.Kind = entity.Event })
		for path, want := range map[string]int{"news": nethttp.StatusRequestEntityTooLarge, "nobody": nethttp.StatusUnauthorized} {
			for range 2 {
				req, err := nethttp.NewRequestWithContext(t.Context(), nethttp.MethodPost, "https://"+w.Node(0).Host("https")+"/"+path, strings.NewReader(strings.Repeat("x", 1<<20)))
				if err != nil {
					t.Fatal(err)
				}
				res, err := w.client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_, err = io.Copy(io.Discard, res.Body)
				if cerr := res.Body.Close(); err != nil || cerr != nil || res.StatusCode != want || !res.Close {
					t.Errorf("%s: %d, %v, %v; the last: %v", path, res.StatusCode, err, cerr, res.Close)
				}
			}
		}
	})
}
