package convert

import (
	"sync"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// keep is how many bytes of each buffer wait for the next message: most messages of WCF are smaller, and one of 4 MiB must not stay
// in memory for good because it came once.
const keep = 64 << 10

// tools are the readers and writers of one message on its way through a converter. With their tables and buffers they take ten times
// what a usual message does, so they go from message to message. Between two of them they are released: what stays are empty
// buffers, and the names of elements, which are the same in each message of a contract.
//
// A tools belongs to one conversion at a time. What outlives that, a Call or an error, refers to nothing in it, but for a room that was
// lent, which is given up then.
type tools struct {
	text     xmltext.Reader
	binary   xmlbin.Reader
	toText   xmltext.Writer
	toBinary xmlbin.Writer
	out      bounded
	room     *soap.Room // heads of messages
	lent     bool       // something outlives the conversion that is in the room
	// Dictionaries of one message, for a session that has no other.
	in   *xmlbin.ReaderSession
	told *xmlbin.WriterSession
}

// bench has the tools that nobody uses. The garbage collector takes what lies there for long.
var bench = sync.Pool{New: func() any { return newTools() }}

func newTools() *tools {
	return &tools{in: xmlbin.NewReaderSession(0), told: xmlbin.NewWriterSession(0), room: &soap.Room{}}
}

// take gives tools that nobody else has, as good as new.
func take() *tools { return bench.Get().(*tools) } //nolint:forcetypeassert // the pool has nothing else

// give puts tools back. Where a conversion panics they are lost, which is right: nobody knows their state then.
func (t *tools) give() {
	t.clean(keep)
	bench.Put(t)
}

// clean makes tools as good as new. Of each buffer at most keep bytes stay.
func (t *tools) clean(keep int) {
	t.text.Release(keep)
	t.binary.Release(keep)
	t.toText.Release(keep)
	t.toBinary.Release(keep)
	t.in.Reset()
	t.told.Reset()
	if t.lent {
		t.room, t.lent = &soap.Room{}, false
	}
	t.room.Release()
	t.out = bounded{b: t.out.b[:0]}
	if cap(t.out.b) > keep {
		t.out.b = nil
	}
}
