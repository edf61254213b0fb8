package load

import (
	"errors"
	"fmt"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// Source opens documents. Base is the URL of the document that names the location, "" for the main one. The URL that it gives back
// identifies the document: the same document gets the same URL. An error that is ErrRemote or wraps it says that the document is
// elsewhere and was not asked for.
type Source interface {
	Open(base, location string) (url string, content []byte, err error)
}

// ErrRemote is the error of a Source that does not open what lies elsewhere.
var ErrRemote = errors.New("lies elsewhere and was not fetched")

// Limits bound what is read; zero fields have the defaults beside them.
type Limits struct {
	Files int // 2,000
	Bytes int // 64 MiB, all files together
	Nodes int // 1,000,000 elements, all files together: some 300 MB; the largest description known has 90,000
	Depth int // 256 elements in each other
}

func (l Limits) filled() Limits {
	fill := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	fill(&l.Files, 2000)
	fill(&l.Bytes, 64<<20)
	fill(&l.Nodes, 1_000_000)
	fill(&l.Depth, 256)
	return l
}

// LimitError says that a description is larger than Limits allow.
type LimitError struct {
	What  string // files, bytes, elements, depth
	Limit int
	At    string // the document that went over
}

// Error names the limit and the document.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%s: more than %d %s in all documents together", e.At, e.Limit, e.What)
}

// Load reads the description at location, and what it imports. The error is about the main document or a limit; everything else
// that is wrong is in the description's Problems.
func Load(src Source, location string, limits Limits) (*model.Description, error) {
	l := &loader{src: src, limits: limits.filled(), docs: map[docKey]bool{}, roots: map[string]*node{}}
	l.d = &model.Description{Schema: model.NewSchema()}
	l.r = newResolver(l)
	root, err := l.open("", location, true)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", location, err)
	}
	switch {
	case root.is(model.NSWSDL, "definitions"):
		l.definitions(root)
		l.d.Name, l.d.Target, l.d.Doc = root.attr("name"), root.attr("targetNamespace"), root.doc()
	case root.is(model.NSSchema, "schema"):
		l.take(root.place.File.URL, root.attr("targetNamespace")) // it may include itself
		l.schema(root, "")
	default:
		return nil, fmt.Errorf("read %s: %s", location, notWSDL(root))
	}
	if l.err != nil {
		return nil, fmt.Errorf("read %s: %w", location, l.err)
	}
	l.r.resolve()
	if l.err != nil {
		return nil, fmt.Errorf("read %s: %w", location, l.err)
	}
	return l.d, nil
}

// notWSDL says what a document is instead.
func notWSDL(root *node) string {
	switch {
	case root.name.Space == "http://www.w3.org/ns/wsdl":
		return "this is WSDL 2.0; only WSDL 1.1 is read: ask the service for its WSDL 1.1 (usually at ?wsdl)"
	case root.name.Local == "html" || root.name.Local == "HTML":
		return "this is an HTML page; the description is usually at the same address with ?wsdl"
	case root.name.Local == "Envelope":
		return "this is a SOAP message, no description"
	}
	return fmt.Sprintf("the root element is %s, where {%s}definitions is needed", root.name, model.NSWSDL)
}

// loader reads documents and keeps what they declare.
type loader struct {
	src    Source
	limits Limits
	d      *model.Description
	roots  map[string]*node // by URL
	docs   map[docKey]bool  // documents that were taken, and as what
	bytes  int
	nodes  int
	err    error // a limit: ends the reading
	r      *resolver
}

// docKey is a document and the namespace that a chameleon include gave it; space is "" elsewhere.
type docKey struct{ url, space string }

func (l *loader) problem(level model.Level, at model.Place, code, remedy, format string, args ...any) {
	l.d.Problems = append(l.d.Problems, model.Problem{
		Level: level, Place: at, Code: code, Text: fmt.Sprintf(format, args...), Remedy: remedy,
	})
}

// open reads a document and makes its tree, once however many others name it.
func (l *loader) open(base, location string, main bool) (*node, error) {
	url, content, err := l.src.Open(base, location)
	if err != nil {
		return nil, err
	}
	if root := l.roots[url]; root != nil && !main {
		return root, nil // others name it too
	}
	if l.bytes += len(content); l.bytes > l.limits.Bytes {
		return nil, l.over("bytes", l.limits.Bytes, location)
	}
	if len(l.d.Files) >= l.limits.Files {
		return nil, l.over("files", l.limits.Files, location)
	}
	file := &model.File{Name: shortName(url, l.d.Files), URL: url, Bytes: content}
	root, err := l.parse(file, content)
	if err != nil {
		return nil, err
	}
	l.roots[url] = root
	file.Space, file.Schema = root.attr("targetNamespace"), root.is(model.NSSchema, "schema")
	l.d.Files = append(l.d.Files, file)
	return root, nil
}

func (l *loader) over(what string, limit int, at string) error {
	err := &LimitError{What: what, Limit: limit, At: at}
	if l.err == nil {
		l.err = err
	}
	return err
}
