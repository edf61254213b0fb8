package infoset

import (
	"errors"
	"io"
)

// Reader gives the tokens of one document. Package xmltext and package xmlbin
// implement it.
type Reader interface {
	// Next gives the next token, which is valid until the following call, or
	// io.EOF behind a complete document. Any other error is an *Error (or the
	// source's own error, wrapped in one) and is given again by later calls.
	Next() (*Token, error)
	// Lookup gives the namespace that prefix is bound to behind the last token;
	// behind an EndElement that is the scope of the parent.
	Lookup(prefix string) (space string, ok bool)
	// Depth is the number of open elements.
	Depth() int
	// Path names the open elements from the root: /s:Envelope/s:Body.
	Path() string
}

// LeafReader is a Reader that can give most elements that hold nothing but text as
// one token, which costs a third of three. Those of xmltext and xmlbin are.
type LeafReader interface {
	Reader
	// NextLeaf does as Next, or gives a Leaf in the place of the three tokens that
	// Next would have given. Which elements it does that for is its own business;
	// it never does outside of the root.
	NextLeaf() (*Token, error)
}

// Writer takes the tokens of one document. Package xmltext and package xmlbin
// implement it. Errors stick: after the first one calls do nothing, and Err and
// Flush give it, so a caller may check once at the end.
//
// Names are read during the call and not kept. The order of calls is
// Start, then any number of Attr and Declare in any order, then content, then
// End. A prefix that is not bound to the name's namespace is declared by the
// writer on that element, behind the attributes. An attribute in a namespace with
// an empty or unusable prefix gets another one: a bound one if there is, else p1,
// p2 and so on.
type Writer interface {
	// Start opens an element.
	Start(n *Name)
	// Attr adds an attribute to the element just opened.
	Attr(n *Name, v Value)
	// Declare binds a prefix on the element just opened. A declaration that
	// values need (QNames in text, XPath) must be made by the caller.
	Declare(d Decl)
	// Text adds text to the open element, or white space outside of the root.
	Text(v Value)
	// Items closes the element just opened and puts v.Len() elements of its name,
	// attributes and declarations in its place, one for each item. v is an array;
	// an empty one leaves nothing of the element.
	Items(v Value)
	// Comment adds a comment.
	Comment(v Value)
	// End closes the innermost open element.
	End()
	// Lookup gives the namespace that prefix is bound to at this place.
	Lookup(prefix string) (space string, ok bool)
	// Err is the first error.
	Err() error
	// Flush hands over all output so far. Behind the end of the root it also
	// checks that the document is complete.
	Flush() error
}

// TokenWriter is a Writer that takes whole tokens too, which costs less than to hand it their pieces. Those of xmltext and xmlbin are.
type TokenWriter interface {
	Writer
	// Put does as the function Write.
	Put(t *Token) error
}

// Write passes one token to w.
func Write(w Writer, t *Token) error {
	switch t.Kind {
	case StartElement, Array:
		w.Start(t.Name)
		for i := range t.Attrs {
			w.Attr(&t.Attrs[i].Name, t.Attrs[i].Value)
		}
		for _, d := range t.Decls {
			w.Declare(d)
		}
		if t.Kind == Array {
			w.Items(t.Value)
		}
	case EndElement:
		w.End()
	case Text:
		w.Text(t.Value)
	case Leaf:
		w.Start(t.Name)
		w.Text(t.Value)
		w.End()
	case Comment:
		w.Comment(t.Value)
	default:
		return &Error{Reason: Misuse, Offset: -1, Detail: "token has no kind"}
	}
	return w.Err()
}

// pieces makes a TokenWriter of a Writer that is none.
type pieces struct{ Writer }

// Put implements TokenWriter.
func (p pieces) Put(t *Token) error { return Write(p.Writer, t) }

// Whole gives w as a writer of whole tokens.
func Whole(w Writer) TokenWriter {
	if t, ok := w.(TokenWriter); ok {
		return t
	}
	return pieces{w}
}

// Copy reads r to its end and writes every token to w, then flushes w. It
// allocates nothing by itself.
func Copy(w Writer, r Reader) error {
	whole, _ := w.(TokenWriter)
	for {
		t, err := r.Next()
		switch {
		case err == nil && whole != nil:
			err = whole.Put(t)
		case err == nil:
			err = Write(w, t)
		case errors.Is(err, io.EOF):
			return w.Flush()
		}
		if err != nil {
			return err
		}
	}
}

// Skip reads behind the end of the element whose StartElement was the last token
// of r.
func Skip(r Reader) error {
	for depth := r.Depth(); r.Depth() >= depth; {
		if _, err := r.Next(); err != nil {
			return inside(err)
		}
	}
	return nil
}

// CopyElement writes the element whose StartElement start is the last token of
// r, up to and with its end.
func CopyElement(w Writer, r Reader, start *Token) error {
	depth := r.Depth()
	if err := Write(w, start); err != nil {
		return err
	}
	for r.Depth() >= depth {
		t, err := r.Next()
		if err != nil {
			return inside(err)
		}
		if err := Write(w, t); err != nil {
			return err
		}
	}
	return nil
}

// Content reads the simple content of the element whose StartElement was the
// last token of r, and its end. Comments do not divide the text. A single typed
// value comes as it is; text is joined in buf, which is overwritten and grown as
// needed, and the value is a view of it. A child element is an error.
func Content(r Reader, buf []byte) (Value, error) {
	var one Value
	pieces, bytesOnly := 0, true
	buf = buf[:0]
	for {
		t, err := r.Next()
		if err != nil {
			return Value{}, inside(err)
		}
		switch t.Kind {
		case EndElement:
			return joined(one, pieces, bytesOnly, buf), nil
		case Comment:
		case Text:
			pieces++
			if pieces > 1 && bytesOnly && t.Value.Type() != TypeBytes {
				// What looked like bytes is part of a longer text after all.
				buf = Bytes(buf).AppendText(nil)
			}
			bytesOnly = bytesOnly && t.Value.Type() == TypeBytes
			switch {
			case bytesOnly:
				buf = append(buf, t.Value.raw...)
			case pieces == 1 && t.Value.scalar():
				one = t.Value
			case pieces == 2 && one.Type() != TypeText:
				buf = t.Value.AppendText(one.AppendText(buf))
			default:
				buf = t.Value.AppendText(buf)
			}
		default:
			return Value{}, &Error{Reason: BadValue, Offset: t.Offset, Path: r.Path(), Detail: "element " + t.Name.String() + " in simple content"}
		}
	}
}

func joined(one Value, pieces int, bytesOnly bool, buf []byte) Value {
	switch {
	case pieces == 0:
		return Value{}
	case bytesOnly:
		return Bytes(buf)
	case pieces == 1 && one.Type() != TypeText:
		return one
	}
	return Chars(buf)
}

// inside turns the end of input inside an element, which a correct Reader never
// gives, into an error that cannot be taken for the end of a document.
func inside(err error) error {
	if errors.Is(err, io.EOF) {
		return &Error{Reason: Misuse, Offset: -1, Detail: "no element is open"}
	}
	return err
}
