package xmlbin

import (
	"io"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/names"
	"github.com/causeway-relay/causeway/soap/internal/window"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// Options say what a Reader takes. The zero Options have WCF's default quotas
// and the static dictionary.
type Options struct {
	// Quotas bound what is read; zero fields have WCF's defaults. For a message
	// that lies in memory and was bounded as a whole use infoset.Buffered.
	Quotas infoset.Quotas
	// Dictionary has the even ids; nil is Static().
	Dictionary *Dictionary
	// Session has the odd ids; nil: there are none.
	Session *ReaderSession
	// Arrays gives arrays as Array tokens. Without it every item comes as an
	// element of its own, as in text.
	Arrays bool
}

// Reader gives the tokens of a binary document; see infoset.Reader. An
// EndElement that is part of a text record has no bytes of its own.
type Reader struct {
	win   window.Window
	names names.Table
	m     infoset.Machine
	q     infoset.Quotas
	opts  Options

	tok     infoset.Token
	scratch []byte          // text that came as UTF-16
	items   []infoset.Value // of lists
	run     int             // bytes of the current run of text
	ends    bool            // the text given last ends its element
	long    longText
	array   array
	err     error
	idle    bool // it was released
}

var _ infoset.Reader = (*Reader)(nil)

// NewReader reads a document from src. It reads ahead, up to some KiB.
func NewReader(src io.Reader, o Options) *Reader {
	r := &Reader{}
	r.init(o)
	r.win.Reset(src)
	return r
}

// NewBytes reads the document in b, which is not copied and must not change
// while tokens are in use.
func NewBytes(b []byte, o Options) *Reader {
	r := &Reader{}
	r.init(o)
	r.win.ResetBytes(b)
	return r
}

func (r *Reader) init(o Options) {
	if o.Dictionary == nil {
		o.Dictionary = Static()
	}
	r.opts = o
	r.q = o.Quotas.Filled()
	r.reset()
}

func (r *Reader) reset() {
	r.m.Reset(r.q.Depth)
	r.names.Reset(r.q.NameTable)
	r.run, r.ends, r.err, r.idle = 0, false, nil, false
	r.long = longText{}
	r.array.left = 0
}

// Reset begins another document, with the options and the memory of before.
func (r *Reader) Reset(src io.Reader) {
	r.reset()
	r.win.Reset(src)
}

// ResetBytes begins another document that lies in b.
func (r *Reader) ResetBytes(b []byte) {
	r.reset()
	r.win.ResetBytes(b)
}

// Begin begins another document that lies in b, with other options and the memory of before.
func (r *Reader) Begin(b []byte, o Options) {
	r.init(o)
	r.win.ResetBytes(b)
}

// Release forgets the document, so that a Reader can wait for its next one: Begin or Reset. Of memory that grew with the document at
// most about most bytes for each use stay.
func (r *Reader) Release(most int) {
	if r.idle {
		return
	}
	const value = 48 // bytes of an item
	r.win.Release(most)
	r.names.Release(most)
	r.m.Release(most)
	infoset.ReleaseToken(&r.tok, most)
	clear(r.items[:cap(r.items)])
	if r.items = r.items[:0]; cap(r.items)*value > most {
		r.items = nil
	}
	if cap(r.scratch) > most {
		r.scratch = nil
	}
	r.opts.Session, r.array = nil, array{}
	r.err, r.idle = errReleased, true
}

// errReleased is what a Reader gives that waits for a document.
var errReleased = &infoset.Error{Reason: infoset.Misuse, Offset: -1, Detail: "the reader was released"}

// Lookup gives the namespace of prefix: see infoset.Reader.
func (r *Reader) Lookup(prefix string) (string, bool) { return r.m.Lookup(prefix) }

// Scope gives all declarations that hold behind the last token.
func (r *Reader) Scope() *infoset.Scope { return &r.m.Scope }

// Depth is the number of open elements.
func (r *Reader) Depth() int { return r.m.Depth() }

// Path names the open elements.
func (r *Reader) Path() string { return r.m.Path() }

// Next gives the next token: see infoset.Reader.
func (r *Reader) Next() (*infoset.Token, error) {
	if r.err != nil {
		return nil, r.err
	}
	w := &r.win
	w.Mark()
	var err error
	switch {
	case r.ends:
		r.ends = false
		err = r.end()
	case r.long.left|r.array.left > 0: // neither is ever negative
		err = r.goOn()
	case w.Pos == len(w.Buf) && !w.More():
		err = r.eof()
	default:
		rec := w.Buf[w.Pos]
		w.Pos++
		err = r.record(rec)
	}
	if err != nil {
		return nil, r.stop(err)
	}
	r.tok.Offset = w.Offset(w.Start())
	r.tok.End = w.Offset(w.Pos)
	return &r.tok, nil
}

// stop keeps the error that ends the stream.
func (r *Reader) stop(err error) error {
	if r.win.Err != nil {
		// What looks like a cut is the failure of the source.
		err = &infoset.Error{Reason: infoset.Source, Offset: r.win.Offset(len(r.win.Buf)), Path: r.m.Path(), Err: r.win.Err}
	}
	r.err = err
	return err
}

// goOn gives more of a record or array that comes in several tokens.
func (r *Reader) goOn() error {
	if r.long.left > 0 {
		return r.piece()
	}
	return r.nextItem()
}

// record reads the rest of a record of type rec. The cases stand by how often
// they occur; what is left is an attribute in the wrong place or a number that
// means nothing.
func (r *Reader) record(rec byte) error {
	switch {
	case rec >= recShortElement && rec <= recLastElement:
		return r.element(rec)
	case rec >= recZero && rec <= recLast:
		if rec&^withEnd == recChars8 && r.shortChars(rec) {
			return nil
		}
		return r.text(rec)
	case rec == recEndElement:
		return r.end()
	case rec == recComment:
		return r.comment()
	case rec == recArray:
		return r.startArray()
	}
	return r.fail(infoset.Malformed, "unexpected record "+recName(rec))
}

func (r *Reader) eof() error {
	// A source that failed did not come to its end.
	if r.m.EOF() == 0 && r.win.Err == nil {
		return io.EOF
	}
	return r.truncated()
}

// end gives the EndElement of the innermost element.
func (r *Reader) end() error {
	if why := r.m.End(); why != 0 {
		return r.fail(why, r.m.Complaint())
	}
	r.run = 0
	t := &r.tok
	t.Kind = infoset.EndElement
	t.Name = r.m.Last()
	r.clear()
	return nil
}

// plain gives the token, prepared for kinds that have nothing but a value.
func (r *Reader) plain(kind infoset.Kind) *infoset.Token {
	t := &r.tok
	t.Kind = kind
	t.Name = infoset.NoName
	t.Attrs = t.Attrs[:0]
	t.Decls = t.Decls[:0]
	return t
}

// clear empties the token.
func (r *Reader) clear() {
	t := &r.tok
	t.Attrs = t.Attrs[:0]
	t.Decls = t.Decls[:0]
	t.Value.Clear()
}

func (r *Reader) comment() error {
	if why := r.m.Comment(); why != 0 {
		return r.fail(why, r.m.Complaint())
	}
	n, err := r.int31()
	if err != nil {
		return err
	}
	if n > r.q.StringContent {
		return r.quota("string content", r.q.StringContent)
	}
	b, err := r.chars(n)
	if err != nil {
		return err
	}
	// .NET would take it; text XML has no way to write it.
	for i, c := range b {
		if c == '-' && (i+1 == len(b) || b[i+1] == '-') {
			return r.fail(infoset.Malformed, "-- in a comment")
		}
	}
	r.plain(infoset.Comment).Value.SetChars(b)
	return nil
}

// int31 reads a multi-byte integer at Pos.
func (r *Reader) int31() (int, error) {
	w := &r.win
	if w.Pos < len(w.Buf) && w.Buf[w.Pos] < 0x80 {
		v := int(w.Buf[w.Pos])
		w.Pos++
		return v, nil
	}
	// Longer, or not all there yet: then read on and begin again, at most five
	// times.
	for {
		v, n, why := int31(w.Buf[w.Pos:])
		switch {
		case why == 0:
			w.Pos += n
			return v, nil
		case why != infoset.Truncated:
			return 0, r.fail(why, "integer of more than 31 bits")
		case !w.More():
			return 0, r.truncated()
		}
	}
}

// take gives the n bytes at Pos. Its callers have kept n within a quota, and
// memory grows only with bytes that are there.
func (r *Reader) take(n int) ([]byte, error) {
	w := &r.win
	if !w.Need(n) {
		return nil, r.truncated()
	}
	b := w.Buf[w.Pos : w.Pos+n : w.Pos+n]
	w.Pos += n
	return b, nil
}

// chars is take for n bytes of UTF-8.
func (r *Reader) chars(n int) ([]byte, error) {
	b, err := r.take(n)
	if err != nil {
		return nil, err
	}
	if i := xmlchar.Invalid(b); i >= 0 {
		return nil, r.badChar(b[i:])
	}
	return b, nil
}

func (r *Reader) badChar(b []byte) error {
	if charReason(b) == infoset.BadEncoding {
		return r.fail(infoset.BadEncoding, "invalid UTF-8")
	}
	return r.fail(infoset.BadCharacter, "character that XML does not allow")
}

// charReason says what is wrong with the first character of b.
func charReason(b []byte) infoset.Reason {
	if c, n := utf8.DecodeRune(b); c == utf8.RuneError && n <= 1 {
		return infoset.BadEncoding
	}
	return infoset.BadCharacter
}

// dict reads the id of a dictionary string and gives the string, the mark that
// makes a writer use the same dictionary, and whether it can be a name.
func (r *Reader) dict() (s string, mark infoset.Dict, name bool, err error) {
	id, err := r.int31()
	if err != nil {
		return "", 0, false, err
	}
	s, mark, name, ok := r.known(id)
	if !ok {
		err = r.fail(infoset.UnknownString, "id "+itoa(id))
	}
	return s, mark, name, err
}

// known is dict for an id. ok: there is such a string.
func (r *Reader) known(id int) (s string, mark infoset.Dict, name, ok bool) {
	// Even numbers are the static dictionary, odd ones the session
	// ([MC-NBFSE] 2.1). The mark makes a Writer use the same one again.
	i := id / 2
	if id%2 == 0 {
		if d := r.opts.Dictionary; i < len(d.strings) {
			return d.strings[i], infoset.Shared, d.names[i], true
		}
	} else if s := r.opts.Session; s != nil && i < len(s.strings) {
		return s.strings[i], infoset.SessionOnly, s.names[i], true
	}
	return "", 0, false, false
}

func (r *Reader) fail(why infoset.Reason, detail string) error {
	return &infoset.Error{Reason: why, Offset: r.win.Offset(r.win.Pos), Path: r.m.Path(), Detail: detail}
}

func (r *Reader) truncated() error {
	return &infoset.Error{Reason: infoset.Truncated, Offset: r.win.Offset(len(r.win.Buf)), Path: r.m.Path()}
}

func (r *Reader) quota(name string, limit int) error {
	return r.fail(infoset.Quota, name+" of "+itoa(limit))
}
