package wire

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Bounds of a line of a stream: the longest event that a gateway sends has a small part of MaxLine; a piece of traffic is longer, as long
// as MaxSeen when the most is asked for.
const (
	MaxLine = 64 << 10
	MaxSeen = 1 << 20
)

// Feed puts a stream of server-sent events together, line by line (WHATWG HTML section 9.2.6). The zero Feed is ready. It is
// for one goroutine.
type Feed struct{ lines lines }

// Line takes in a line without its end. With the line that completes an event it gives the event, and ok. Unknown fields and comments are passed over; data that is no event of the API is an error.
func (f *Feed) Line(line string) (e Event, ok bool, err error) {
	data, ok, err := f.lines.take(line, MaxLine)
	if err != nil || !ok {
		return e, false, err
	}
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		return e, false, fmt.Errorf("read an event: %w", err)
	}
	if f.lines.id != "" {
		e.ID = f.lines.id
	}
	if f.lines.named != "" {
		e.Event = f.lines.named
	}
	return e, true, nil
}

// SeenFeed is a Feed of what passes a relay. The zero SeenFeed is ready. It is for one goroutine.
type SeenFeed struct{ lines lines }

// Line is Feed's.
func (f *SeenFeed) Line(line string) (s Seen, ok bool, err error) {
	data, ok, err := f.lines.take(line, MaxSeen)
	if err != nil || !ok {
		return s, false, err
	}
	if err := json.Unmarshal([]byte(data), &s); err != nil {
		return s, false, fmt.Errorf("read what was seen: %w", err)
	}
	return s, true, nil
}

// lines puts the fields of one event together.
type lines struct {
	id         string // goes on to those behind it that have none of their own
	name, data string
	named      string // the name of the event that take has just given
	some       bool   // a data line came
}

// take takes in a line. With the empty line behind an event it gives the data.
func (l *lines) take(line string, most int) (data string, ok bool, err error) {
	if line == "" {
		data, ok, l.named = l.data, l.some, l.name
		l.name, l.data, l.some = "", "", false
		return data, ok, nil
	}
	field, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch field {
	case "id":
		if !strings.Contains(value, "\x00") {
			l.id = value
		}
	case "event":
		l.name = value
	case "data":
		if l.some {
			l.data += "\n"
		}
		if len(l.data)+len(value) > most {
			return "", false, fmt.Errorf("an event has more than %d bytes", most)
		}
		l.data, l.some = l.data+value, true
	}
	return "", false, nil
}
