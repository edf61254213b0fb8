package mesh

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// Bounds of what passes between nodes. Nodes trust each other, and still nobody allocates by another's word alone.
const (
	MaxBody     = 2 << 20          // bytes of an ask, an answer or a tell: a hub's 1 MiB message with its handshake
	MaxMessage  = MaxBody + 64<<10 // bytes of any message of this package
	MaxID       = 1024             // bytes of a listener id
	maxSpace    = 255              // bytes of a namespace
	maxKind     = 64               // bytes of a kind of ask or tell
	maxDoors    = 32               // advertised doors of a node
	maxText     = 4 << 10          // bytes of each text of an error
	maxParts    = 4096             // parts of a snapshot
	partBytes   = 256 << 10        // an announcement or a part of a snapshot is cut behind this size
	wireVersion = 1
	headerBytes = 2 + 2 + 8 + 8 // version, class, from, epoch, to
	minHolding  = 7             // the shortest holding on the wire: bounds the count of a list by the bytes that are there
)

// class is what a message is for.
type class uint8

// The classes, see the functions that receive them.
const (
	classHello class = iota
	classBye
	classAnnounce
	classWant
	classSnapshot
	classAck
	classAsk
	classAnswer
	classCancel
	classTell
	classTaken
)

var classNames = [...]string{
	"hello", "bye", "announce", "want", "snapshot", "ack", "ask", "answer", "cancel", "tell", "taken",
}

// message is one message between nodes. Which members count depends on the class: see append and decode, which are one
// switch each.
type message struct {
	class class
	from  Num
	epoch uint64 // the sender's process: a restarted node has a greater one
	to    uint64 // the epoch of the process it is meant for; 0: whoever hears it

	since   time.Time         // hello
	doors   map[string]string // hello
	who     bool              // hello: I do not know you, say hello
	session uint64            // hello (0 when broadcast), tell, taken: counts how often the sender met the receiver
	seq     uint64            // hello, announce, snapshot, ack, tell: a number; want: the last one applied
	added   []Holding         // announce, snapshot
	removed []Holding         // announce: identities only
	part    uint64            // snapshot: 0 to parts-1
	parts   uint64            // snapshot
	id      uint64            // ask, answer, cancel; want, snapshot
	kind    string            // ask, tell, taken
	body    []byte            // ask, answer, tell
	fault   *wireError        // answer: instead of a body
	done    uint64            // taken: handled up to here; seq is received up to there
	gap     bool              // taken: something after seq was seen, seq+1 was not
}

// wireError is a *fail.Error on the way.
type wireError struct {
	code, op, target, tracking, text, cause string
	status                                  uint64
}

var errMessage = errors.New("not a message between nodes")

// append writes the message behind dst.
func (m *message) append(dst []byte) []byte {
	dst = append(dst, wireVersion, byte(m.class))
	dst = binary.BigEndian.AppendUint16(dst, uint16(m.from))
	dst = binary.BigEndian.AppendUint64(dst, m.epoch)
	dst = binary.BigEndian.AppendUint64(dst, m.to)
	switch m.class {
	case classHello:
		dst = binary.AppendVarint(dst, m.since.UnixNano())
		dst = appendDoors(dst, m.doors)
		dst = appendBool(dst, m.who)
		dst = appendNumbers(dst, m.session, m.seq)
	case classAnnounce:
		dst = appendNumbers(dst, m.seq)
		dst = appendHoldings(dst, m.removed)
		dst = appendHoldings(dst, m.added)
	case classSnapshot:
		dst = appendNumbers(dst, m.id, m.seq, m.part, m.parts)
		dst = appendHoldings(dst, m.added)
	case classWant:
		dst = appendNumbers(dst, m.id, m.seq)
	case classAck:
		dst = appendNumbers(dst, m.seq)
	case classCancel:
		dst = appendNumbers(dst, m.id)
	case classAsk:
		dst = appendNumbers(dst, m.id)
		dst = appendText(dst, m.kind)
		dst = append(dst, m.body...)
	case classAnswer:
		dst = appendNumbers(dst, m.id)
		dst = appendBool(dst, m.fault != nil)
		if m.fault != nil {
			dst = m.fault.append(dst)
		} else {
			dst = append(dst, m.body...)
		}
	case classTell:
		dst = appendNumbers(dst, m.session, m.seq)
		dst = appendText(dst, m.kind)
		dst = append(dst, m.body...)
	case classTaken:
		dst = appendNumbers(dst, m.session, m.seq, m.done)
		dst = appendBool(dst, m.gap)
		dst = appendText(dst, m.kind)
	case classBye:
	}
	return dst
}

func appendNumbers(dst []byte, ns ...uint64) []byte {
	for _, n := range ns {
		dst = binary.AppendUvarint(dst, n)
	}
	return dst
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

func appendDoors(dst []byte, doors map[string]string) []byte {
	names := make([]string, 0, len(doors))
	for name := range doors {
		names = append(names, name)
	}
	slices.Sort(names)
	dst = appendNumbers(dst, uint64(len(names)))
	for _, name := range names {
		dst = appendText(appendText(dst, name), doors[name])
	}
	return dst
}

func appendHoldings(dst []byte, hs []Holding) []byte {
	dst = appendNumbers(dst, uint64(len(hs)))
	for i := range hs {
		dst = appendHolding(dst, &hs[i])
	}
	return dst
}

func appendHolding(dst []byte, h *Holding) []byte {
	dst = appendText(dst, h.At.Namespace)
	dst = appendText(dst, h.At.Path)
	dst = appendNumbers(dst, uint64(len(h.Entity.Path))) // a prefix of the path: see Holding.check
	dst = appendText(dst, h.ID)
	dst = appendNumbers(dst, h.Channel)
	dst = append(dst, byte(h.Shapes))
	return binary.AppendVarint(dst, int64(h.Weight))
}

func (e *wireError) append(dst []byte) []byte {
	for _, s := range []string{e.code, e.op, e.target, e.tracking, e.text, e.cause} {
		dst = appendText(dst, s)
	}
	return appendNumbers(dst, e.status)
}

// decode reads one whole message. The body points into b.
func decode(b []byte) (*message, error) {
	if len(b) > MaxMessage {
		return nil, fmt.Errorf("%w: %d bytes", errMessage, len(b))
	}
	if Class(b) == "" {
		return nil, fmt.Errorf("%w: unknown version or class", errMessage)
	}
	m := &message{
		class: class(b[1]), from: Num(binary.BigEndian.Uint16(b[2:])),
		epoch: binary.BigEndian.Uint64(b[4:]), to: binary.BigEndian.Uint64(b[12:]),
	}
	if m.from == 0 {
		return nil, fmt.Errorf("%w: it comes from no node", errMessage)
	}
	r := reader{b: b[headerBytes:]}
	m.read(&r)
	if r.bad || len(r.b) > 0 {
		return nil, fmt.Errorf("%w: malformed %s", errMessage, Class(b))
	}
	return m, nil
}

// read is the mirror of append.
func (m *message) read(r *reader) {
	switch m.class {
	case classHello:
		m.since = time.Unix(0, r.signed())
		m.doors = r.doors()
		m.who = r.bool()
		m.session, m.seq = r.number(), r.number()
	case classAnnounce:
		m.seq = r.number()
		m.removed, m.added = r.holdings(), r.holdings()
	case classSnapshot:
		m.id, m.seq = r.number(), r.number()
		m.part, m.parts = r.number(), r.number()
		m.added = r.holdings()
		r.bad = r.bad || m.parts > maxParts || m.part >= m.parts
	case classWant:
		m.id, m.seq = r.number(), r.number()
	case classAck:
		m.seq = r.number()
	case classCancel:
		m.id = r.number()
	case classAsk:
		m.id = r.number()
		m.kind = r.text(maxKind)
		m.body = r.rest()
	case classAnswer:
		m.id = r.number()
		if r.bool() {
			m.fault = r.fault()
		} else {
			m.body = r.rest()
		}
	case classTell:
		m.session, m.seq = r.number(), r.number()
		m.kind = r.text(maxKind)
		m.body = r.rest()
	case classTaken:
		m.session, m.seq, m.done = r.number(), r.number(), r.number()
		m.gap = r.bool()
		m.kind = r.text(maxKind)
	case classBye:
	}
}

// reader takes values off the front of b. After the first mistake it is bad and gives zero values.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() { r.b, r.bad = nil, true }

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) signed() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) bool() bool {
	v := r.byte()
	if v > 1 {
		r.fail()
	}
	return v == 1
}

func (r *reader) text(limit uint64) string {
	n := r.number()
	if n > limit || n > uint64(len(r.b)) {
		r.fail()
		return ""
	}
	s := string(r.b[:n])
	if !utf8.ValidString(s) {
		r.fail()
		return ""
	}
	r.b = r.b[n:]
	return s
}

func (r *reader) rest() []byte {
	if len(r.b) > MaxBody {
		r.fail()
		return nil
	}
	b := r.b
	r.b = nil
	return b
}

// count reads the length of a list whose items have at least size bytes each.
func (r *reader) count(size int) int {
	n := r.number()
	if n > uint64(len(r.b)/size) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) doors() map[string]string {
	n := r.count(2)
	if n > maxDoors {
		r.fail()
	}
	doors := map[string]string{}
	for range n {
		if r.bad {
			break
		}
		name := r.text(maxSpace)
		doors[name] = r.text(maxText)
	}
	if !r.bad && len(doors) != n {
		r.fail() // a door stands twice
	}
	return doors
}

func (r *reader) holdings() []Holding {
	n := r.count(minHolding)
	if n == 0 {
		return nil
	}
	hs := make([]Holding, 0, min(n, 1024))
	for range n {
		if r.bad {
			return nil
		}
		at := entity.Address{Namespace: r.text(maxSpace), Path: r.text(entity.MaxPath)}
		hs = append(hs, Holding{
			At:      at,
			Entity:  r.prefix(at),
			ID:      r.text(MaxID),
			Channel: r.number(),
			Shapes:  Shapes(r.byte()),
			Weight:  int(r.signed()),
		})
	}
	return hs
}

// prefix reads how much of an address is its entity.
func (r *reader) prefix(at entity.Address) entity.Address {
	n := r.number()
	if n > uint64(len(at.Path)) {
		r.fail()
		return entity.Address{}
	}
	e := entity.Address{Namespace: at.Namespace, Path: at.Path[:n]}
	if !at.Within(e) {
		r.fail()
	}
	return e
}

func (r *reader) fault() *wireError {
	e := &wireError{}
	for _, s := range []*string{&e.code, &e.op, &e.target, &e.tracking, &e.text, &e.cause} {
		*s = r.text(maxText)
	}
	e.status = r.number()
	return e
}
