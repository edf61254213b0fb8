package nettcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// What this file does: a service of the contracts echo, counter and duplex over WebSockets, as NetHttpBinding speaks to a duplex one. Neither
// Mono nor the interop kit has a service of that; so this one is made of our own packages, and .NET's client judges it directly too.

// tempuri is the namespace of contracts that have none of their own.
const tempuri = "http://tempuri.org/"

// session is the form of its messages.
var sessionForm = encoder.Encoding{Version: soap.V12, Form: soap.Session}

// desk is one session of the service.
type desk struct {
	read  func() ([]byte, error) // the next message
	write func([]byte) error
	in    *xmlbin.ReaderSession
	out   *xmlbin.WriterSession
	count int // of the contract counter
	calls int // to the client
}

// question is a message of the client.
type question struct {
	*wsa.Properties

	operation string
	args      []string // as text; an empty one is not there
}

// arg is the first argument as a number.
func (q *question) arg() int {
	n, _ := strconv.Atoi(strings.Join(q.args[:min(1, len(q.args))], ""))
	return n
}

func (d *desk) next() (*question, error) {
	b, err := d.read()
	if err != nil {
		return nil, err
	}
	m, err := sessionForm.Decode(bytes.NewReader(b), encoder.Decoding{Quotas: infoset.Buffered(), Session: d.in})
	if err != nil {
		return nil, err
	}
	q := &question{}
	if q.Properties, err = wsa.Read(m); err != nil {
		return nil, err
	}
	q.operation = q.Action[strings.LastIndexByte(q.Action, '/')+1:]
	r, err := m.Body()
	for err == nil {
		var t *infoset.Token
		if t, err = r.Next(); err == nil && t.Kind == infoset.Text {
			q.args = append(q.args, t.Value.String())
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return q, nil
}

// say sends an element that holds another one with a value; part "": nothing.
func (d *desk) say(p *wsa.Properties, element, part string, value infoset.Value) error {
	p.Version, p.Session, p.To = wsa.V10, true, wsa.V10.Anonymous()
	m := soap.New(soap.V12)
	m.SetBody(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Local: element, Space: tempuri})
		if part != "" {
			w.Start(&infoset.Name{Local: part, Space: tempuri})
			w.Text(value)
			w.End()
		}
		w.End()
		return w.Err()
	})
	if err := p.Write(m); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := sessionForm.Encode(&out, m, d.out); err != nil {
		return err
	}
	return d.write(out.Bytes())
}

// answer answers a question with a number, a text or nothing.
func (d *desk) answer(q *question, value any) error {
	p, part := &wsa.Properties{Action: q.Action + "Response", RelatesTo: []wsa.Relation{{ID: q.MessageID}}}, q.operation+"Result"
	switch v := value.(type) {
	case int:
		return d.say(p, q.operation+"Response", part, infoset.Int(int64(v)))
	case string:
		return d.say(p, q.operation+"Response", part, infoset.String(v))
	}
	return d.say(p, q.operation+"Response", "", infoset.Value{})
}

// event calls the client back, one way.
func (d *desk) event(text string) error {
	return d.say(&wsa.Properties{Action: tempuri + "IDuplex/OnEvent"}, "OnEvent", "text", infoset.String(text))
}

// ask calls the client back amid a call of its own, and gives its answer.
func (d *desk) ask(x int) (int, error) {
	d.calls++
	p := &wsa.Properties{Action: tempuri + "IDuplex/Ask", MessageID: fmt.Sprintf("urn:uuid:00000000-0000-0000-0000-%012d", d.calls)}
	id := p.MessageID
	if err := d.say(p, "Ask", "x", infoset.Int(int64(x))); err != nil {
		return 0, err
	}
	a, err := d.next()
	if err == nil && a.Answers() != id {
		err = fmt.Errorf("a message that answers %q", a.Answers())
	}
	if err != nil {
		return 0, err
	}
	return a.arg(), nil
}

// serve answers until the client ends the session.
func (d *desk) serve() error {
	d.in, d.out = xmlbin.NewReaderSession(0), xmlbin.NewWriterSession(0)
	for {
		q, err := d.next()
		if err == nil {
			err = d.handle(q)
		}
		if err != nil {
			return err
		}
	}
}

func (d *desk) handle(q *question) (err error) {
	switch q.operation {
	case "Echo":
		return d.answer(q, strings.Join(q.args, ""))
	case "Add":
		b, _ := strconv.Atoi(q.args[1])
		return d.answer(q, q.arg()+b)
	case "Begin":
		d.count = q.arg()
		return d.answer(q, nil)
	case "Next":
		d.count++
		return d.answer(q, d.count)
	case "End":
		return d.answer(q, d.count)
	case "Subscribe":
		return d.event("subscribed:" + strings.Join(q.args, ""))
	case "Query":
		x, err := d.ask(q.arg())
		if err != nil {
			return err
		}
		return d.answer(q, x+1)
	case "Publish":
		for i := range q.arg() {
			if err = d.event(fmt.Sprint("event ", i)); err != nil {
				return err
			}
		}
		return d.answer(q, q.arg())
	case "Notify":
		return nil
	}
	return d.answer(q, nil)
}

// subprotocol is that of NetHttpBinding.
const subprotocol = "soap"

// deskDirect is the service at an address of its own.
func deskDirect(t *testing.T) (address string) {
	t.Helper()
	up := websocket.Upgrader{Subprotocols: []string{subprotocol}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		d := &desk{
			read:  func() ([]byte, error) { _, b, err := c.ReadMessage(); return b, err },
			write: func(b []byte) error { return c.WriteMessage(websocket.BinaryMessage, b) },
		}
		_ = d.serve() // what went wrong the client says
	}))
	t.Cleanup(s.Close)
	return s.URL + "/desk"
}

// deskBehind is the service as a listener of a relay.
func deskBehind(t *testing.T, s *interop.Stand, relay string) {
	t.Helper()
	cs := "Endpoint=sb://" + s.Listen + "/;SharedAccessKeyName=" + s.Rule + ";SharedAccessKey=" + s.Key
	l, err := hybrid.Listen(t.Context(), cs, hybrid.WithEntity(relay), hybrid.WithCAFile(s.CA),
		hybrid.WithAcceptHook(func(context.Context, *hybrid.Request) (string, error) { return subprotocol, nil }))
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				c := a.(*hybrid.Conn)
				defer c.Close()
				defer context.AfterFunc(t.Context(), c.Abort)()
				d := &desk{
					read:  func() ([]byte, error) { _, b, err := c.ReadMessage(nil); return b, err },
					write: func(b []byte) error { return c.WriteMessage(hybrid.Binary, b) },
				}
				_ = d.serve() // what went wrong the client says
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		conns.Wait()
	})
}
