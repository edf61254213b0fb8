package xmltext

import (
	"errors"
	"io"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/names"
	"github.com/causeway-relay/causeway/soap/internal/window"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// pieceSize is the longest Text token, in bytes of input. Longer text comes as
// several tokens, cut at the same places however the bytes arrived.
const pieceSize = 32 << 10

// Options say what a Reader takes. The zero Options are right for SOAP from a
// stream: WCF's default quotas, everything refused that SOAP refuses.
type Options struct {
	// Quotas bound what is read; zero fields have WCF's defaults. For a message
	// that lies in memory and was bounded as a whole use infoset.Buffered.
	Quotas infoset.Quotas
	// SkipPI leaves processing instructions out instead of refusing them. It is
	// for documents such as WSDL, never for messages.
	SkipPI bool
	// SkipComments leaves comments out. The text around one stays two tokens.
	SkipComments bool
}

// Reader gives the tokens of a text document; see infoset.Reader. Offsets count
// bytes of the document as it came; for UTF-16 and ISO-8859-1, which are turned
// into UTF-8 first, they count bytes of that.
type Reader struct {
	win   window.Window
	names names.Table
	m     infoset.Machine
	q     infoset.Quotas
	opts  Options

	tok     infoset.Token
	open    []*names.Entry // names of open elements as they were written
	last    *names.Entry   // the name that leafName found last
	scratch []byte         // text that is not in the input as it stands
	run     int            // bytes of the current run of text
	begun   bool           // encoding and XML declaration are behind
	empty   bool           // the last start tag was an empty-element tag
	section bool           // inside a CDATA section that is longer than one token
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
	r.opts = o
	r.q = o.Quotas.Filled()
	r.reset()
}

func (r *Reader) reset() {
	r.m.Reset(r.q.Depth)
	// The table of names outlives the document: the next one is likely to use the
	// same names, and then allocates nothing.
	r.names.Reset(r.q.NameTable)
	r.last = nil // which the table may have forgotten
	clear(r.open)
	r.open, r.scratch = r.open[:0], r.scratch[:0]
	r.run, r.begun, r.empty, r.section, r.err, r.idle = 0, false, false, false, nil, false
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
	r.win.Release(most)
	r.names.Release(most)
	r.last = nil
	r.m.Release(most)
	infoset.ReleaseToken(&r.tok, most)
	clear(r.open[:cap(r.open)])
	if r.open = r.open[:0]; cap(r.open) > infoset.BufferedDepth {
		r.open = nil
	}
	if cap(r.scratch) > most {
		r.scratch = nil
	}
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
	if !r.begun {
		if err := r.begin(); err != nil {
			return nil, r.stop(err)
		}
	}
	// <a/> is two tokens; the second has no bytes of its own.
	if r.empty {
		r.empty = false
		r.win.Mark()
		return r.closed(), nil
	}
	// Some markup makes no token: a processing instruction that is skipped, an
	// empty CDATA section.
	for {
		ok, err := r.markup()
		if err != nil {
			return nil, r.stop(err)
		}
		if ok {
			r.tok.End = r.win.Offset(r.win.Pos)
			return &r.tok, nil
		}
	}
}

func (r *Reader) stop(err error) error {
	if r.win.Err != nil {
		// A converter of encodings reports what is wrong with the document as an
		// *infoset.Error without a place; that is added here.
		// What looks like a cut is the failure of the source.
		if e, ok := errors.AsType[*infoset.Error](r.win.Err); ok {
			e.Offset, e.Path = r.win.Offset(len(r.win.Buf)), r.m.Path()
			err = e
		} else {
			err = &infoset.Error{Reason: infoset.Source, Offset: r.win.Offset(len(r.win.Buf)), Path: r.m.Path(), Err: r.win.Err}
		}
	}
	r.err = err
	return err
}

// markup reads one piece of the document. It gives false for pieces that make no
// token.
func (r *Reader) markup() (bool, error) {
	w := &r.win
	w.Mark()
	if w.Pos == len(w.Buf) && !w.More() {
		return false, r.eof()
	}
	// A section longer than a piece goes on in the next token.
	if r.section || w.Buf[w.Pos] != '<' {
		return r.chars(r.section)
	}
	if !w.Need(2) {
		return false, r.truncated()
	}
	switch w.Buf[w.Pos+1] {
	case '/':
		return true, r.endTag()
	case '!':
		return r.bang()
	case '?':
		return false, r.instruction()
	}
	return true, r.startTag()
}

// eof ends the document, if it may end here.
func (r *Reader) eof() error {
	// A source that failed did not come to its end.
	if r.m.EOF() == 0 && r.win.Err == nil {
		return io.EOF
	}
	return r.truncated()
}

// bang reads what begins with "<!".
func (r *Reader) bang() (bool, error) {
	w := &r.win
	const comment, cdata, doctype = "<!--", "<![CDATA[", "<!DOCTYPE"
	switch {
	case r.has(comment):
		return r.comment()
	case r.has(cdata):
		if r.m.Outside() {
			return false, r.fail(infoset.Malformed, w.Pos, "CDATA section outside of the root element")
		}
		w.Pos += len(cdata)
		r.section = true
		return r.chars(true)
	case r.has(doctype):
		return false, r.fail(infoset.Refused, w.Pos, "document type declaration")
	}
	rest := string(w.Buf[w.Pos:min(len(w.Buf), w.Pos+len(cdata))])
	if strings.HasPrefix(comment, rest) || strings.HasPrefix(cdata, rest) || strings.HasPrefix(doctype, rest) {
		return false, r.truncated()
	}
	return false, r.fail(infoset.Malformed, w.Pos, "unknown markup")
}

// has reports whether word lies at Pos, reading as much as it takes to know.
func (r *Reader) has(word string) bool {
	for i := range len(word) {
		if !r.win.Need(i+1) || r.win.Buf[r.win.Pos+i] != word[i] {
			return false
		}
	}
	return true
}

// closed makes the token of the element that ends here.
func (r *Reader) closed() *infoset.Token {
	r.m.End() // cannot fail: an element is open
	r.open = r.open[:len(r.open)-1]
	r.run = 0
	t := &r.tok
	t.Kind = infoset.EndElement
	t.Name = r.m.Last()
	r.clear()
	t.Offset = r.win.Offset(r.win.Start())
	t.End = r.win.Offset(r.win.Pos)
	return t
}

// plain prepares the token for kinds that have nothing but a value.
func (r *Reader) plain(kind infoset.Kind, text []byte, at int64) {
	t := &r.tok
	t.Kind = kind
	t.Name = infoset.NoName
	t.Offset = at
	t.Attrs = t.Attrs[:0]
	t.Decls = t.Decls[:0]
	t.Value.SetChars(text)
}

// clear empties the token.
func (r *Reader) clear() {
	t := &r.tok
	t.Attrs = t.Attrs[:0]
	t.Decls = t.Decls[:0]
	t.Value.Clear()
}

// endTag reads "</name>".
func (r *Reader) endTag() error {
	w := &r.win
	if len(r.open) == 0 {
		return r.fail(infoset.Malformed, w.Pos, "end tag without element")
	}
	// Nearly every end tag is exactly "</" name ">", and all of it is there.
	raw := r.open[len(r.open)-1].Raw
	if b := w.Buf[w.Pos+2:]; len(b) > len(raw) && string(b[:len(raw)]) == raw && b[len(raw)] == '>' {
		w.Pos += 3 + len(raw)
		r.closed()
		return nil
	}
	w.Pos += 2
	// A cut within the right name is a cut, not a wrong name.
	if !w.Need(len(raw)) && w.Err == nil && string(w.Buf[w.Pos:]) == raw[:len(w.Buf)-w.Pos] {
		return r.truncated()
	}
	word, err := r.word()
	if err != nil {
		return err
	}
	if string(word) != raw {
		return r.within(r.fail(infoset.Malformed, w.Start(), "end tag "+infoset.Clip(word)+" for element "+infoset.Clip(raw)))
	}
	if err := r.space(); err != nil {
		return err
	}
	if w.Buf[w.Pos] != '>' {
		return r.within(r.fail(infoset.Malformed, w.Pos, "end tag is not closed"))
	}
	w.Pos++
	r.closed()
	return nil
}

// space skips white space up to a byte that is something else.
func (r *Reader) space() error {
	w := &r.win
	for {
		rest := w.Buf[w.Pos:]
		for i, c := range rest {
			if !xmlchar.IsSpace(c) {
				w.Pos += i
				return nil
			}
		}
		w.Pos += len(rest)
		if err := r.more(); err != nil {
			return err
		}
	}
}

// more reads on inside a tag, within the quota on its size.
func (r *Reader) more() error {
	if len(r.win.Buf)-r.win.Start() > r.q.BytesPerRead {
		return r.quota("bytes per read", r.q.BytesPerRead)
	}
	if !r.win.More() {
		return r.truncated()
	}
	return nil
}

// word gives the bytes at Pos up to one that no name has, without looking at
// them closely, and moves behind them. It is a view like all others.
func (r *Reader) word() ([]byte, error) {
	// n stays when the window moves. Bytes beyond ASCII are taken as they come;
	// whether they may stand in a name is looked at once for each distinct name.
	w := &r.win
	n := 0
	for {
		for rest := w.Buf[w.Pos:]; n < len(rest); n++ {
			if xmlchar.Class[rest[n]]&xmlchar.Word == 0 {
				w.Pos += n
				return rest[:n], nil
			}
		}
		// The window must not grow for a name that will not fit anyway.
		if n > r.q.NameTable {
			return nil, r.quota("name table", r.q.NameTable)
		}
		if err := r.more(); err != nil {
			return nil, err
		}
	}
}

func (r *Reader) fail(why infoset.Reason, at int, detail string) error {
	return &infoset.Error{Reason: why, Offset: r.win.Offset(at), Path: r.m.Path(), Detail: detail}
}

func (r *Reader) truncated() error {
	return r.fail(infoset.Truncated, len(r.win.Buf), "")
}

func (r *Reader) quota(name string, limit int) error {
	return r.fail(infoset.Quota, r.win.Start(), name+" of "+itoa(limit))
}
