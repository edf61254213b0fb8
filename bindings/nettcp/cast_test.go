package nettcp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// receive registers a listener that hands every message to the test.
func (w *world) receive(name string) <-chan *hybrid.Message {
	w.t.Helper()
	got := make(chan *hybrid.Message, 1000)
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	l, err := hybrid.Listen(ctx, w.last.Ready().ConnectionString, hybrid.WithEntity(name), hybrid.WithCAFile(w.CAFile()),
		hybrid.WithReceiver(func(_ context.Context, m *hybrid.Message) error {
			got <- m
			return nil
		}))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = l.Close() })
	return got
}

// next waits for a message.
func (w *world) next(got <-chan *hybrid.Message) *hybrid.Message {
	w.t.Helper()
	select {
	case m := <-got:
		return m
	case <-time.After(patience):
		w.t.Fatalf("no message came\n%s", w.Log())
		return nil
	}
}

// casting makes the entities of these tests.
func (w *world) casting() {
	w.open("one", func(e *entity.Entity) { e.Kind = entity.OneWay })
	w.open("news", func(e *entity.Entity) { e.Kind = entity.Event })
}

// says makes the envelopes of a client's session: the dictionary grows with them.
type says struct {
	t     *testing.T
	words *xmlbin.WriterSession
	enc   encoder.Encoding
}

func newSays(t *testing.T, contentType string) *says {
	t.Helper()
	enc, err := encoder.Select(contentType)
	if err != nil {
		t.Fatal(err)
	}
	s := &says{t: t, enc: enc}
	if enc.Form == soap.Session {
		s.words = xmlbin.NewWriterSession(0)
	}
	return s
}

func (s *says) envelope(text string) []byte {
	s.t.Helper()
	m := soap.New(soap.V12)
	p := wsa.Properties{Version: wsa.V10, Action: "urn:desk/Note", To: "net.tcp://x/news", Session: true}
	if err := p.Write(m); err != nil {
		s.t.Fatal(err)
	}
	m.SetBody(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Local: "Note", Space: "urn:desk"})
		w.Declare(infoset.Decl{Space: "urn:desk"})
		w.Text(infoset.Chars([]byte(text)))
		w.End()
		return w.Err()
	})
	var out bytes.Buffer
	if err := s.enc.Encode(&out, m, s.words); err != nil {
		s.t.Fatal(err)
	}
	return out.Bytes()
}

// read decodes a message that has left its session, and gives its text.
func (w *world) read(m *hybrid.Message) string {
	w.t.Helper()
	enc, err := encoder.Select(m.Type)
	if err != nil {
		w.t.Fatal(err)
	}
	var out bytes.Buffer
	envelope, err := enc.Decode(bytes.NewReader(m.Data), encoder.Decoding{})
	if err == nil {
		text, _ := encoder.Select("application/soap+xml")
		err = text.Encode(&out, envelope, nil)
	}
	if err != nil {
		w.t.Fatalf("%q of %q: %v", m.Data, m.Type, err)
	}
	if !strings.Contains(out.String(), ">urn:desk/Note</") {
		w.t.Errorf("no action in %s", out.String())
	}
	_, text, _ := strings.Cut(out.String(), `<Note xmlns="urn:desk">`)
	text, _, _ = strings.Cut(text, "<")
	return text
}

// TestCastSession: each message of a session is one cast, whole by itself whatever the session's dictionary knew; the connection is used
// again for a next session, be it of another relay.
func TestCastSession(t *testing.T) {
	for _, kind := range []string{"application/soap+msbinsession1", "application/soap+msbin1", "application/soap+xml; charset=utf-8"} {
		t.Run(kind, func(t *testing.T) {
			both(t, func(w *world) {
				w.casting()
				got := []<-chan *hybrid.Message{w.receive("news"), w.receive("news")}
				one := w.receive("one")
				client := w.dial()
				for round := range 2 {
					w.send(client, (&framing.Preamble{Mode: framing.Duplex, Via: w.via("news/deep"), ContentType: kind}).Append(nil))
					w.expect(client, ack)
					says := newSays(t, kind)
					for i := range 5 {
						w.send(client, framing.AppendSized(nil, says.envelope(fmt.Sprint(round, i))))
					}
					w.say(client, client, theEnd)
					for _, messages := range got {
						for i := range 5 {
							m := w.next(messages)
							if text := w.read(m); text != fmt.Sprint(round, i) || m.Target != "/news/deep" || m.TrackingID == "" {
								t.Errorf("message %d %d: %q, %+v", round, i, text, m)
							}
						}
					}
				}
				w.send(client, slices.Concat(w.preamble("one"), framing.AppendSized(nil, newSays(t, "application/soap+msbinsession1").envelope("single")), theEnd))
				w.expect(client, slices.Concat(ack, theEnd))
				if text := w.read(w.next(one)); text != "single" {
					t.Errorf("the single one: %q", text)
				}
				w.Await(w.t.Context(), "the account of a session", func(l map[string]string) bool {
					return l["msg"] == "closed" && l["shape"] == "cast" && l["door"] == "nettcp" && l["messages"] == "5" && l["taken"] == "10" && l["missed"] == "0"
				})
			})
		})
	}
}

// TestCastCuts: messages come byte by byte, and all at once without waiting for the acknowledgement.
func TestCastCuts(t *testing.T) {
	w := newWorld(t, 1)
	w.casting()
	got := w.receive("news")
	says := newSays(t, "application/soap+msbinsession1")
	all := slices.Concat(w.preamble("news"), framing.AppendSized(nil, says.envelope("a")), framing.AppendSized(nil, says.envelope("b")), theEnd)
	client := w.dial()
	for i := range all {
		w.send(client, all[i:i+1])
	}
	w.expect(client, slices.Concat(ack, theEnd))
	if a, b := w.read(w.next(got)), w.read(w.next(got)); a != "a" || b != "b" {
		t.Errorf("%q and %q", a, b)
	}
}

// TestCastLong: one string may be as long as the message.
func TestCastLong(t *testing.T) {
	w := newWorld(t, 1)
	w.casting()
	got := w.receive("news")
	long := strings.Repeat("long ", 12_000)
	client := w.dial()
	w.send(client, slices.Concat(w.preamble("news"), framing.AppendSized(nil, newSays(t, "application/soap+msbinsession1").envelope(long)), theEnd))
	w.expect(client, slices.Concat(ack, theEnd))
	if m := w.next(got); len(m.Data) < len(long) {
		t.Errorf("%d bytes arrived", len(m.Data))
	}
}

// TestCastSingleton: a client of a streamed binding sends one message and waits for the end.
func TestCastSingleton(t *testing.T) {
	w := newWorld(t, 1)
	w.casting()
	got := w.receive("news")
	says := newSays(t, "application/soap+msbin1")
	client := w.dial()
	w.send(client, (&framing.Preamble{Mode: framing.SingletonUnsized, Via: w.via("news"), Encoding: framing.Binary}).Append(nil))
	w.expect(client, ack)
	m := says.envelope("streamed")
	w.send(client, slices.Concat([]byte{byte(framing.UnsizedEnvelope)}, framing.AppendChunk(nil, m[:9]), framing.AppendChunk(nil, m[9:]), []byte{0}, theEnd))
	w.expect(client, theEnd)
	if text := w.read(w.next(got)); text != "streamed" {
		t.Errorf("%q", text)
	}
}

// TestCastTLS: an upgrade to TLS ends at the door, which is the endpoint.
func TestCastTLS(t *testing.T) {
	w := newWorld(t, 1)
	w.casting()
	got := w.receive("news")
	client := w.dial()
	w.send(client, (&framing.Preamble{Mode: framing.Duplex, Via: w.via("news"), Encoding: framing.BinarySession, Upgrade: framing.UpgradeTLS}).Append(nil))
	w.expect(client, []byte{byte(framing.UpgradeResponse)})
	config := w.TLS()
	config.ServerName = "localhost"
	secure := tls.Client(client, config)
	w.send(secure, slices.Concat([]byte{byte(framing.PreambleEnd)}, framing.AppendSized(nil, newSays(t, "application/soap+msbinsession1").envelope("secret")), theEnd))
	w.expect(secure, slices.Concat(ack, theEnd))
	if text := w.read(w.next(got)); text != "secret" {
		t.Errorf("%q", text)
	}
}

// TestCastRefusals: a sender is told what WCF's clients understand.
func TestCastRefusals(t *testing.T) {
	w := newWorld(t, 1)
	w.casting()
	w.open("closed", func(e *entity.Entity) { e.Kind, e.AnonymousSenders = entity.Event, false })
	got := w.receive("news")
	good := func() []byte {
		return framing.AppendSized(nil, newSays(t, "application/soap+msbinsession1").envelope("x"))
	}
	rows := []struct {
		name string
		say  []byte
		want framing.Fault
		acks bool
	}{
		{"nobody listens", slices.Concat(w.preamble("one"), good()), framing.EndpointNotFound, false},
		{"no token", slices.Concat(w.preamble("closed"), good()), framing.EndpointAccessDenied, false},
		{"Windows security", (&framing.Preamble{Mode: framing.Duplex, Via: w.via("news"), Encoding: framing.BinarySession, Upgrade: framing.UpgradeNegotiate}).Append(nil), framing.UpgradeInvalid, false},
		{"another encoding", (&framing.Preamble{Mode: framing.Duplex, Via: w.via("news"), ContentType: "text/plain"}).Append(nil), framing.ContentTypeInvalid, false},
		{"too long", slices.Concat(w.preamble("news"), []byte{byte(framing.SizedEnvelope)}, framing.AppendInt(nil, 64<<10+1)), framing.MaxMessageSizeExceeded, true},
		{"no message", slices.Concat(w.preamble("news"), framing.AppendSized(nil, []byte{0, 1, 2, 3})), "", true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			client := w.dial()
			w.send(client, row.say)
			var want []byte
			if row.acks {
				want = ack
			}
			if row.want != "" {
				want = framing.AppendFault(slices.Clone(want), row.want)
			}
			_ = client.CloseWrite()
			if b, _ := rest(client); !bytes.Equal(b, want) {
				t.Errorf("told %q, want %q", b, want)
			}
		})
	}
	if len(got) != 0 {
		t.Errorf("arrived: %+v", <-got)
	}
}

// TestCastEntityDeleted: a session goes with its relay.
func TestCastEntityDeleted(t *testing.T) {
	w := newWorld(t, 1)
	w.casting()
	client := w.dial()
	w.send(client, w.preamble("news"))
	w.expect(client, ack)
	at, _ := entity.NewAddress("", "news")
	if err := w.Store().Delete(w.t.Context(), at, store.Any); err != nil {
		t.Fatal(err)
	}
	w.expect(client, framing.AppendFault(nil, framing.EndpointUnavailable))
	w.reason("closed", "EntityDeleted")
}
