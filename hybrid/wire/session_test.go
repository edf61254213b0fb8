package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// frame is one data fragment fed to a Session, and what it must bring.
type frame struct {
	text, last bool
	data       string

	kind EventKind
	id   string // requestId of the message, or its kind's name when it has none
	body string
	end  bool  // Event.Last
	err  error // what Fragment returns
	why  bool  // Event.Err is set
}

const (
	response1  = `{"response":{"requestId":"1","statusCode":200,"body":true}}`
	response2  = `{"response":{"requestId":"2","statusCode":204,"body":false}}`
	renewal    = `{"renewToken":{"token":"t"}}`
	faultOrder = `{"injectFault":{"delay":"00:00:01"}}`
)

// sessions are connections in a gateway and in a listener, most of them as captured (section 14).
var sessions = []struct {
	name    string
	session Session
	frames  []frame
}{
	{"hyco-https small GET (14.1)", Session{}, []frame{
		{text: true, last: true, data: response1},
		{last: true, data: "Hello", kind: EventMessage, id: "1", body: "Hello"},
		{text: true, last: true, data: response2, kind: EventMessage, id: "2"},
	}},
	{"hyco-https orphan (14.2)", Session{}, []frame{
		{text: true, last: true, data: response2, kind: EventMessage, id: "2"},
		{last: true, kind: EventIgnored},
		{text: true, last: true, data: renewal, kind: EventMessage, id: "renewToken"},
	}},
	{"hyco-https three writes (14.4)", Session{}, []frame{
		{text: true, last: true, data: response1},
		{data: "part1"}, {data: "part2"},
		{last: true, data: "part3", kind: EventMessage, id: "1", body: "part1part2part3"},
	}},
	{"empty body (14.16)", Session{}, []frame{
		{text: true, last: true, data: response1},
		{last: true, kind: EventMessage, id: "1"},
	}},
	{"last fragment is empty", Session{}, []frame{
		{text: true, last: true, data: response1}, {data: "ok"}, {last: true, kind: EventMessage, id: "1", body: "ok"},
	}},
	{"text in fragments", Session{}, []frame{
		{text: true, data: response2[:1]}, {text: true, data: response2[1:30]}, {text: true},
		{text: true, last: true, data: response2[30:], kind: EventMessage, id: "2"},
	}},
	{"text is a body where one is due (6.2)", Session{}, []frame{
		{text: true, last: true, data: response1},
		{text: true, last: true, data: response2, kind: EventMessage, id: "1", body: response2},
		{text: true, last: true, data: response2, kind: EventMessage, id: "2"},
	}},
	{"stray binary in fragments, any length", Session{}, []frame{
		{data: strings.Repeat("x", 100)}, {data: "y"}, {last: true, data: response1, kind: EventIgnored},
		{text: true, last: true, data: response2, kind: EventMessage, id: "2"},
	}},
	{"what nobody understands", Session{}, []frame{
		{text: true, last: true, data: "hello", kind: EventIgnored, why: true},
		{text: true, last: true, data: `{"hello":{"body":true}}`, kind: EventIgnored, why: true},
		{text: true, last: true, kind: EventIgnored, why: true},
		{text: true, last: true, data: faultOrder, kind: EventIgnored},
		{text: true, last: true, data: response2, kind: EventMessage, id: "2"},
	}},
	{"a body with an unknown id is still a body", Session{}, []frame{
		{text: true, last: true, data: `{"response":{"body":true}}`},
		{last: true, data: "x", kind: EventMessage, id: "response", body: "x"},
		{text: true, last: true, data: response2, kind: EventMessage, id: "2"},
	}},
	{"a listener reads requests", Session{}, []frame{
		{text: true, last: true, data: `{"accept":{"id":"1"}}`, kind: EventMessage, id: "accept"},
		{text: true, last: true, data: `{"request":{"id":"1"}}`, kind: EventMessage, id: "request"},
		{text: true, last: true, data: `{"request":{"id":"1","method":"POST","body":true}}`},
		{last: true, data: "x", kind: EventMessage, id: "request", body: "x"},
	}},
	{"long text", Session{}, []frame{
		{text: true, data: strings.Repeat("x", MaxText)}, {text: true, data: "x", err: ErrTooLarge},
	}},
	{"long body", Session{MaxBody: 10}, []frame{
		{text: true, last: true, data: response1}, {data: "12345"}, {data: "67890"}, {last: true, data: "1", err: ErrTooLarge},
	}},
	{"longest body", Session{MaxBody: 10}, []frame{
		{text: true, last: true, data: response1}, {last: true, data: "1234567890", kind: EventMessage, id: "1", body: "1234567890"},
	}},
	{"a stray message has no limit", Session{MaxBody: 10}, []frame{
		{last: true, data: strings.Repeat("x", 2*MaxText), kind: EventIgnored},
	}},
	{"rendezvous of .NET (14.17)", Session{Rendezvous: true, Expect: KindResponse}, []frame{
		{text: true, last: true, data: response1, kind: EventMessage, id: "1"},
		{data: "first", kind: EventBody, body: "first"},
		{data: "second", kind: EventBody, body: "second"},
		{last: true, kind: EventBody, end: true},
		{last: true, kind: EventIgnored},
	}},
	{"rendezvous without a body", Session{Rendezvous: true, Expect: KindResponse}, []frame{
		{text: true, last: true, data: response2, kind: EventMessage, id: "2"},
		{last: true, kind: EventIgnored},
		{text: true, last: true, data: response2, kind: EventIgnored},
	}},
	{"rendezvous of a listener", Session{Rendezvous: true, Expect: KindRequest}, []frame{
		{text: true, last: true, data: `{"request":{"id":"1","method":"POST","body":true}}`, kind: EventMessage, id: "request"},
		{last: true, data: "x", kind: EventBody, body: "x", end: true},
	}},
	{"rendezvous body has no limit", Session{Rendezvous: true, Expect: KindResponse, MaxBody: 1}, []frame{
		{text: true, last: true, data: response1, kind: EventMessage, id: "1"},
		{data: strings.Repeat("x", 2*MaxText), kind: EventBody, body: strings.Repeat("x", 2*MaxText)},
	}},
	{"rendezvous begins with binary", Session{Rendezvous: true, Expect: KindResponse}, []frame{{last: true, data: "x", err: ErrMessage}}},
	{"rendezvous begins with another command", Session{Rendezvous: true, Expect: KindResponse}, []frame{{text: true, last: true, data: renewal, err: ErrMessage}}},
	{"rendezvous begins with nonsense", Session{Rendezvous: true, Expect: KindResponse}, []frame{{text: true, last: true, data: "x", err: ErrMessage}}},
	{"rendezvous without an id", Session{Rendezvous: true, Expect: KindResponse}, []frame{{text: true, last: true, data: `{"response":{"statusCode":200}}`, err: ErrMessage}}},
}

func TestSession(t *testing.T) {
	for _, c := range sessions {
		t.Run(c.name, func(t *testing.T) {
			for i, f := range c.frames {
				ev, err := c.session.Fragment(f.text, f.last, []byte(f.data))
				if !errors.Is(err, f.err) {
					t.Fatalf("frame %d: error %v, want %v", i, err, f.err)
				}
				if ev.Kind != f.kind || string(ev.Body) != f.body || ev.Last != f.end || (ev.Err != nil) != f.why {
					t.Fatalf("frame %d: %+v, want %+v", i, ev, f)
				}
				if id := messageID(ev.Message); id != f.id {
					t.Fatalf("frame %d: message %q, want %q", i, id, f.id)
				}
			}
		})
	}
}

func messageID(m *Message) string {
	switch {
	case m == nil:
		return ""
	case m.Response != nil && m.Response.RequestID != "":
		return m.Response.RequestID
	}
	return m.Kind.String()
}

// TestRendezvousTexts are the close texts of section 8.2.
func TestRendezvousTexts(t *testing.T) {
	for _, c := range []struct {
		text bool
		data string
		want string
	}{
		{false, "x", "Command messages must be MessageType=Text, actual=Binary."},
		{true, renewal, "'response' command was expected."},
		{true, `{"response":{}}`, "'response.requestId' is required."},
	} {
		s := Session{Rendezvous: true, Expect: KindResponse}
		_, err := s.Fragment(c.text, true, []byte(c.data))
		var e *Error
		if !errors.As(err, &e) || e.Text != c.want {
			t.Errorf("%s: %v, want %q", c.data, err, c.want)
		}
	}
}

// TestSinks walks the table: in every state each kind of message has a place to go, and only a command is decoded.
func TestSinks(t *testing.T) {
	for rendezvous := range sinks {
		for state := range sessionStates {
			for text, where := range sinks[rendezvous][state] {
				if (where == sinkCommand) != (state == stateCommand && text == 1) {
					t.Errorf("rendezvous %d, state %d, text %d goes to %d", rendezvous, state, text, where)
				}
				if where == sinkStream && rendezvous == 0 || where == sinkBody && rendezvous == 1 {
					t.Errorf("rendezvous %d, state %d, text %d goes to %d", rendezvous, state, text, where)
				}
			}
		}
	}
}

// TestWholeMessagesAreNotCopied: a caller that reads whole messages pays for no second buffer.
func TestWholeMessagesAreNotCopied(t *testing.T) {
	var s Session
	if _, err := s.Fragment(true, true, []byte(response1)); err != nil {
		t.Fatal(err)
	}
	body := []byte("body")
	ev, err := s.Fragment(false, true, body)
	if err != nil || &ev.Body[0] != &body[0] {
		t.Errorf("the body was copied, %v", err)
	}
}

// FuzzSession feeds messages whole and cut in pieces: both ways bring the same.
func FuzzSession(f *testing.F) {
	f.Add([]byte(response1), []byte("body"), []byte(response2), uint8(7), false)
	f.Add([]byte(renewal), []byte(""), []byte("x"), uint8(1), true)
	f.Fuzz(func(t *testing.T, first, second, third []byte, step uint8, rendezvous bool) {
		whole, pieces := Session{Rendezvous: rendezvous, Expect: KindResponse}, Session{Rendezvous: rendezvous, Expect: KindResponse}
		for i, data := range [][]byte{first, second, third} {
			text := i != 1
			want, wantErr := whole.Fragment(text, true, data)
			var got Event
			var gotErr error
			var body []byte
			for rest := data; ; {
				n := min(int(step)+1, len(rest))
				got, gotErr = pieces.Fragment(text, n == len(rest), rest[:n])
				body = append(body, got.Body...)
				if rest = rest[n:]; len(rest) == 0 || gotErr != nil {
					break
				}
			}
			if (gotErr == nil) != (wantErr == nil) {
				t.Fatalf("message %d: %v in pieces, %v whole", i, gotErr, wantErr)
			}
			if wantErr != nil {
				return
			}
			if got.Kind != want.Kind || got.Last != want.Last || messageID(got.Message) != messageID(want.Message) || !bytes.Equal(body, want.Body) {
				t.Fatalf("message %d: %+v in pieces, %+v whole", i, got, want)
			}
		}
	})
}
