package words

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Cast is asked: give this message to a listener of yours, or to all of an entity.
const Cast = "relay.cast"

// CastWord is a message on its way to the node of its listeners. It travels as the length of the JSON, 4 bytes big-endian, the JSON and
// the payload.
type CastWord struct {
	Hello

	Entity  PlaceWord `json:"entity"`
	Type    string    `json:"type,omitempty"`
	All     bool      `json:"all,omitempty"`
	Channel uint64    `json:"channel,omitempty"` // the listener, where not all are meant

	Limited    bool         `json:"limited,omitempty"`
	Allowed    []route.GUID `json:"allowed,omitempty"`
	Disallowed []route.GUID `json:"disallowed,omitempty"`

	Data []byte `json:"-"`
}

// CastAnswer says what became of it.
type CastAnswer struct {
	Taken  int               `json:"taken"`
	Missed map[fail.Code]int `json:"missed,omitempty"` // by reason

	Code    fail.Code `json:"code,omitempty"` // of a message to one listener: why it did not take it
	Status  int       `json:"status,omitempty"`
	Text    string    `json:"text,omitempty"`
	Untaken bool      `json:"untaken,omitempty"` // nothing of it has left
}

// CastOf makes the word of a message that came to the node given.
func CastOf(m *shape.Message, node mesh.Num, ent entity.Address) *CastWord {
	return &CastWord{Hello: HelloOf(&m.Hello, node), Entity: PlaceWord{ent.Namespace, ent.Path}, Type: m.Type, Data: m.Data}
}

// Hint adds the sender's wishes.
func (w *CastWord) Hint(h route.Hints) {
	w.Limited, w.Allowed, w.Disallowed = h.Limited, h.Allowed, h.Disallowed
}

// Hints are the sender's wishes.
func (w *CastWord) Hints() route.Hints {
	return route.Hints{Limited: w.Limited, Allowed: w.Allowed, Disallowed: w.Disallowed}
}

// Message is the message.
func (w *CastWord) Message() *shape.Message {
	return &shape.Message{Hello: w.Shape(), Type: w.Type, Data: w.Data}
}

// Append writes the word.
func (w *CastWord) Append(dst []byte) []byte {
	head := Encode(w)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(head)))
	return append(append(dst, head...), w.Data...)
}

// errShort: the word ends before its JSON does.
var errShort = errors.New("the word is cut short")

// ParseCast reads the word of a node. Its Data is a part of b.
func ParseCast(from mesh.Num, b []byte) (*CastWord, error) {
	w, err := parseCast(b)
	if err != nil {
		return nil, fail.Wrap(fail.BadRequest, Cast, fmt.Errorf("of node %d: %w", from, err))
	}
	return w, nil
}

func parseCast(b []byte) (*CastWord, error) {
	if len(b) < 4 {
		return nil, errShort
	}
	n := binary.BigEndian.Uint32(b)
	if b = b[4:]; uint64(n) > uint64(len(b)) {
		return nil, errShort
	}
	w := new(CastWord)
	if err := json.Unmarshal(b[:n], w); err != nil {
		return nil, err
	}
	if w.Data = b[n:]; len(w.Data) > shape.MaxMessage {
		return nil, fmt.Errorf("a message of %d bytes", len(w.Data))
	}
	return w, nil
}
