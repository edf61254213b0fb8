package soap

import (
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Room is memory for the heads of messages that are read one behind the other: a program that handles many of them allocates less. The
// zero Room is ready. It belongs to one goroutine at a time, together with the message that was read into it.
type Room struct {
	all  reading
	list []*Header // of the message
	used bool
}

// Read is the function Read in the room. The message, its header blocks and whatever was got from them but strings and faults are good
// until the next Read or Release.
func (o *Room) Read(r infoset.Reader, want Version, l Limits) (*Message, error) {
	if o.used {
		o.Release()
	}
	o.used = true
	if o.list == nil {
		o.list = make([]*Header, 0, 2*firstHeaders)
	}
	o.all.message.room, o.all.message.Headers = o, o.list[:0]
	m, err := o.all.read(r, want, l)
	o.list = o.all.message.Headers[:0]
	return m, err
}

// Release forgets the message, so that the room can wait for the next one. The memory of a usual head stays.
func (o *Room) Release() {
	clear(o.list[:cap(o.list)])
	if cap(o.list) > DefaultBlocks {
		o.list = nil
	}
	o.all.head, o.all.body, o.all.message = headReader{}, bodyReader{}, Message{}
	o.all.shelf.Reset()
	o.all.blocks.Reset()
	o.used = false
}

// decls gives n declarations of nothing yet, in the room of m if it has one.
func (m *Message) decls(n int) []infoset.Decl {
	if m != nil && m.room != nil {
		return m.room.all.shelf.Decls(n)
	}
	return make([]infoset.Decl, n)
}

// blocks gives n header blocks that are nothing yet, likewise.
func (m *Message) blocks(n int) []Header {
	if m.room != nil {
		return m.room.all.blocks.Cut(n, firstHeaders)
	}
	return make([]Header, n)
}

// TextHeader makes a header block for m that holds nothing but v, as the function TextHeader does, in the room of m if it was read into
// one. The block is not added. name and v are kept and must not be changed.
func (m *Message) TextHeader(name *infoset.Name, v infoset.Value) *Header {
	if m.room == nil {
		return TextHeader(*name, v)
	}
	s := &m.room.all.shelf
	var decls []infoset.Decl
	if name.Prefix != "" || name.Space != "" {
		decls = s.Decls(1)
		decls[0] = infoset.Decl{Prefix: name.Prefix, Space: name.Space, Dict: name.Dict}
	}
	return m.Block(Element{tokens: textTokens(s.Tokens(textCount), name, decls, v)})
}

// Block makes a header block for m of an element, likewise.
func (m *Message) Block(e Element) *Header {
	h := &m.blocks(1)[0]
	h.Element = e
	return h
}

// Replace makes blocks, which are copied, the header blocks of m.
func (m *Message) Replace(blocks []*Header) {
	if o := m.room; o != nil {
		o.list = append(o.list[:0], blocks...)
		m.Headers = o.list
		return
	}
	m.Headers = slices.Clone(blocks)
}
