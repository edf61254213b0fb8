package wire

import (
	"encoding/json"
	"fmt"
	"strings"
)

// MaxLine bounds a line of a stream of events: the longest event that a gateway sends has a small part of it.
const MaxLine = 64 << 10

// Feed puts a stream of server-sent events together, line by line (WHATWG HTML section 9.2.6). The zero Feed is ready. It is
// for one goroutine.
type Feed struct {
	id, name, data string
	some           bool // a data line came
}

// Line takes in a line without its end. With the line that completes an event it gives the event, and ok. Unknown fields and comments are passed over; data that is no event of the API is an error.
func (f *Feed) Line(line string) (e Event, ok bool, err error) {
	if line == "" {
		return f.dispatch()
	}
	field, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch field {
	case "id":
		if !strings.Contains(value, "\x00") {
			f.id = value
		}
	case "event":
		f.name = value
	case "data":
		if f.some {
			f.data += "\n"
		}
		if len(f.data)+len(value) > MaxLine {
			return e, false, fmt.Errorf("an event has more than %d bytes", MaxLine)
		}
		f.data, f.some = f.data+value, true
	}
	return e, false, nil
}

// dispatch completes an event. The id goes on to those behind it that have none of their own.
func (f *Feed) dispatch() (e Event, ok bool, err error) {
	name, data, some := f.name, f.data, f.some
	f.name, f.data, f.some = "", "", false
	if !some {
		return e, false, nil
	}
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		return e, false, fmt.Errorf("read an event: %w", err)
	}
	if f.id != "" {
		e.ID = f.id
	}
	if name != "" {
		e.Event = name
	}
	return e, true, nil
}
