package codec

import (
	"errors"
	"io"
	"sync"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/refs"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// Document is a message part as a whole: what stands in a body, or a header block. With a Name it is one element of that name; without
// one it is the content of a struct, element by element. It is static data.
type Document[T any] struct {
	Name  infoset.Name
	Codec Coder          // of a *T
	Decls []infoset.Decl // made on the element, so that those inside need not repeat them
	// Encoded writes as SOAP's encoding wants it (use="encoded").
	Encoded bool
}

// Write writes v. Errors are those of the values and of what the schema does not allow (*Problem), or w's own.
func (m *Document[T]) Write(w infoset.Writer, v T) error {
	e := NewEncoder(w)
	e.Encoded = m.Encoded
	return e.Element(&m.Name, m.Decls, &v, m.Codec)
}

// Read reads the first element that d's reader gives, which must have the document's name; or all that it gives where the document has none.
func (m *Document[T]) Read(d *Decoder) (v T, err error) {
	if m.Encoded {
		if d.r, err = refs.Resolve(d.r); err != nil {
			return v, err
		}
	}
	if m.Name.Local == "" {
		d.start, d.attr = nil, nil
		d.r = &refs.Ended{Scoped: d.r}
		err = m.Codec.read(d, &v)
		return v, err
	}
	for {
		t, err := d.r.Next()
		if errors.Is(err, io.EOF) {
			return v, d.bad("nothing where element " + m.Name.Local + " must stand")
		}
		if err != nil {
			return v, err
		}
		if t.Kind != infoset.StartElement {
			continue
		}
		if !t.Name.Same(&m.Name) {
			return v, d.bad("element " + t.Name.String() + " of namespace " + infoset.Clip(t.Name.Space) + " where " + m.Name.Local +
				" of namespace " + m.Name.Space + " must stand")
		}
		err = d.Element(t, &v, m.Codec)
		return v, err
	}
}

// writers and readers are kept between documents, with the memory that they have grown: names, buffers, stacks.
var (
	writers = sync.Pool{New: func() any { return &textWriter{w: xmltext.NewWriter(nil, xmltext.WriterOptions{}), e: NewEncoder(nil)} }}
	readers = sync.Pool{New: func() any {
		r := xmltext.NewBytes(nil, xmltext.Options{Quotas: infoset.Buffered()})
		return &textReader{r: r, d: NewDecoder(r)}
	}}
)

type textWriter struct {
	w *xmltext.Writer
	e *Encoder
}

type textReader struct {
	r *xmltext.Reader
	d *Decoder
}

// largestKept bounds the memory of a writer that is kept, in bytes of its document.
const largestKept = 1 << 20

// Marshal writes v as text, without envelope or XML declaration. A document without name comes out as its elements side by side.
func (m *Document[T]) Marshal(v T) ([]byte, error) {
	return m.AppendText(nil, v)
}

// AppendText is Marshal behind dst. With room in dst it allocates nothing of its own.
func (m *Document[T]) AppendText(dst []byte, v T) ([]byte, error) {
	x := writers.Get().(*textWriter) //nolint:forcetypeassert // nothing else is put there
	x.w.Reset(nil)
	x.e.Reset(x.w)
	x.e.Encoded = m.Encoded
	err := x.e.Element(&m.Name, m.Decls, &v, m.Codec)
	if err == nil && m.Name.Local != "" {
		err = x.w.Flush()
	}
	out := x.w.Bytes()
	if err == nil {
		dst = append(dst, out...)
	}
	x.e.Reset(nil)
	if len(out) <= largestKept {
		writers.Put(x)
	}
	if err != nil {
		return nil, err
	}
	return dst, nil
}

// Unmarshal reads a document of its own in any encoding of package xmltext. With strict every deviation from the schema is an error.
func (m *Document[T]) Unmarshal(text []byte, strict bool) (v T, err error) {
	x := readers.Get().(*textReader) //nolint:forcetypeassert // nothing else is put there
	defer func() {
		x.r.ResetBytes(nil) // the text is not kept
		x.d.Reset(nil)
		readers.Put(x)
	}()
	x.r.ResetBytes(text)
	x.d.Reset(x.r)
	x.d.Strict = strict
	if v, err = m.Read(x.d); err != nil {
		return v, err
	}
	for err == nil {
		_, err = x.r.Next()
	}
	if !errors.Is(err, io.EOF) {
		return v, err
	}
	return v, nil
}
