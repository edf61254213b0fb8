package watch

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/soap/inspect"
)

// maxTalks bounds the connections whose pieces are put together. What more there are is shown piece by piece.
const maxTalks = 10_000

// sights shows records to people, or as JSON with what was decoded.
type sights struct {
	out, talk io.Writer
	o         *tapOptions
	json      bool
	talks     map[string]*conversation // by tracking id
	ended     int
	err       error // of the output
}

func newSights(out, talk io.Writer, o *tapOptions) *sights {
	return &sights{out: out, talk: talk, o: o, talks: make(map[string]*conversation)}
}

func (s *sights) opened(entity string) {
	_, _ = fmt.Fprintf(s.talk, "causeway: what passes %s is shown from now on; end with Ctrl-C\n", entity) // nobody is told of a lost stderr
}

// seen is a record as it is written in JSON: the gateway's, and what was decoded with it.
type seen struct {
	*wire.Seen

	Records []inspect.Record  `json:"records,omitempty"` // framing records that are complete with it
	SOAP    []inspect.Message `json:"soap,omitempty"`    // messages that are complete with it
}

// take shows one record.
func (s *sights) take(r *wire.Seen) error {
	c := s.conversation(r)
	var read reading
	if !s.o.heads {
		read = c.read(r)
	}
	switch {
	case s.json && !(s.o.heads && r.Event == "data"):
		s.err = cli.WriteLine(s.out, &seen{s.public(c, r), read.records, read.messages})
	case !s.json:
		s.write(r, &read)
	}
	if r.Event == "end" {
		delete(s.talks, r.Tracking)
		s.ended++
	}
	if s.err == nil && s.o.count > 0 && s.ended >= s.o.count {
		return errEnough
	}
	return s.err
}

// public is a record as it may be written in JSON. Where its bytes hold what the gateway's mask does not see, they stay away: what they say
// stands decoded beside it.
func (s *sights) public(c *conversation, r *wire.Seen) *wire.Seen {
	if len(r.Data) == 0 || !s.o.heads && !c.opaque(r) {
		return r
	}
	own := *r
	own.Data = nil
	return &own
}

// conversation is what is known of the record's connection.
func (s *sights) conversation(r *wire.Seen) *conversation {
	c := s.talks[r.Tracking]
	if c == nil {
		c = new(conversation)
		if len(s.talks) < maxTalks && r.Event != "notice" {
			s.talks[r.Tracking] = c
		}
	}
	return c
}

// write shows a record to people.
func (s *sights) write(r *wire.Seen, read *reading) {
	if r.Missed > 0 {
		s.line(r, ".", fmt.Sprintf("%d records were dropped: more passes than can be shown", r.Missed))
	}
	switch r.Event {
	case "open":
		to := "to listener " + r.Listener + nodesOf(r)
		if r.Listener == "" {
			to = "that ends here: each of its messages is an exchange"
		}
		s.line(r, ".", fmt.Sprintf("stream from %s by %s %s", r.Remote, r.Door, to))
	case "request":
		s.line(r, ">", join(r.Method, r.Target, quoted("action", r.Action), "from "+r.Remote, "by "+r.Door))
		s.fields(r)
	case "response":
		s.line(r, "<", join(strconv.Itoa(r.Status), r.Reason, "of listener "+r.Listener+nodesOf(r)))
		s.fields(r)
	case "message":
		s.line(r, ">", join("message", r.Target, r.Type, quoted("action", r.Action), "from "+r.Remote, fmt.Sprintf("taken by %d", r.Taken), lost(r.Lost)))
		s.reading(r, ">", read)
	case "data":
		s.reading(r, arrow(r), read)
	case "end":
		if c := s.talks[r.Tracking]; c != nil {
			for _, way := range []struct {
				arrow string
				of    *side
			}{{">", &c.in}, {"<", &c.out}} {
				read := way.of.broken()
				s.reading(r, way.arrow, &read)
			}
		}
		s.line(r, ".", join("over:", r.Reason, r.Text, fmt.Sprintf("(%d bytes in, %d out)", r.In, r.Out)))
	case "notice":
		s.line(r, ".", r.Text)
	}
}

// reading shows what a piece says.
func (s *sights) reading(r *wire.Seen, way string, read *reading) {
	if s.o.heads {
		return
	}
	if read.title != "" {
		s.line(r, way, read.title)
	}
	for i := range read.records {
		s.line(r, way, read.records[i].Text)
	}
	for i := range read.messages {
		m := &read.messages[i]
		s.line(r, way, join(m.Form, m.Inside, m.Summary.Line()))
		s.block(m.XML)
		if m.Err != "" {
			s.block("cannot be read to its end: " + m.Err)
		}
	}
	s.block(read.text)
}

// fields shows header fields, one a line.
func (s *sights) fields(r *wire.Seen) {
	var b strings.Builder
	for _, f := range r.Fields {
		b.WriteString(f[0] + ": " + cli.OneLine(f[1]) + "\n")
	}
	s.block(b.String())
}

// line writes one line with time and tracking id.
func (s *sights) line(r *wire.Seen, way, text string) {
	id := r.Tracking
	if id == "" {
		id = "-"
	}
	s.print(fmt.Sprintf("%s %-8.8s %s %s\n", r.Time.UTC().Format("15:04:05.000"), id, way, cli.OneLine(text)))
}

// block writes lines below one, indented.
func (s *sights) block(text string) {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return
	}
	s.print("    " + strings.ReplaceAll(clean(text), "\n", "\n    ") + "\n")
}

func (s *sights) print(text string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.out, text)
	}
}

func arrow(r *wire.Seen) string {
	if r.Dir == "out" {
		return "<"
	}
	return ">"
}

// nodesOf says where it happens when there is more than one node in it.
func nodesOf(r *wire.Seen) string {
	if r.ListenerNode == 0 || r.ListenerNode == r.Node {
		return ""
	}
	return fmt.Sprintf(" (from node %d to node %d)", r.Node, r.ListenerNode)
}

func quoted(what, text string) string {
	if text == "" {
		return ""
	}
	return what + " " + text
}

func lost(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("missed by %d", n)
}

// join puts words together that are not empty.
func join(words ...string) string {
	var kept []string
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, "  ")
}

// clean makes text of a peer harmless for a terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}
