package entity

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// Limits of the description that is attached to an entity. They keep an entity, which every node holds in memory and in one record of
// its store, small; the largest public descriptions have a tenth of the bytes when they come in one file.
const (
	MaxDocuments     = 32        // files of one description
	MaxDocumentBytes = 512 << 10 // bytes of all files together
	MaxDocumentName  = 128       // characters of a file's name
)

// The two kinds of documents, by the namespace of their root (WSDL 1.1 section 2.1; XML Schema part 1 section 3.15).
const (
	namespaceWSDL = "http://schemas.xmlsoap.org/wsdl/"
	namespaceXSD  = "http://www.w3.org/2001/XMLSchema"
)

// Document is one file of a description that the gateway serves in the place of the service: WSDL 1.1 or XML Schema in UTF-8, with or
// without a byte-order mark. The first of an entity is the description itself; the others are what it imports.
type Document struct {
	Name string // of the file, without folders: what imports call it, and the parts of the description at the relay
	Text string
}

// Schema reports whether the document is a schema, and the namespace that it is for; of a description it gives that one's.
// A document that Check finds wrong is neither.
func (d *Document) Schema() (schema bool, target string) {
	root, err := d.root()
	if err != nil {
		return false, ""
	}
	value, _ := root.Attr("", "targetNamespace")
	return root.Name.Space == namespaceXSD, value.String()
}

// Check says what is wrong with the document: a name that could not stand in an address, text that is no XML, or XML of another kind.
func (d *Document) Check() error {
	switch {
	case d.Name == "" || len(d.Name) > MaxDocumentName:
		return fmt.Errorf("a document's name has %d characters: 1 to %d are allowed", len(d.Name), MaxDocumentName)
	case strings.ContainsAny(d.Name, `/\?#&=%"'<>`) || strings.ContainsFunc(d.Name, func(c rune) bool { return c <= ' ' || c == utf8.RuneError || c == 0x7F }):
		return fmt.Errorf("document %q: a name is that of a file, without folders, spaces and the marks of addresses", d.Name)
	case !utf8.ValidString(d.Text):
		return fmt.Errorf("document %q: the text is not UTF-8: save it in that encoding", d.Name)
	}
	if _, err := d.root(); err != nil {
		return err
	}
	r := xmltext.NewBytes([]byte(d.Text), xmltext.Options{Quotas: infoset.Buffered(), SkipPI: true})
	for {
		switch _, err := r.Next(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("document %q is no XML that can be served: %w", d.Name, err)
		}
	}
}

// root reads as far as the root, which must be of a known kind. The token is the reader's own, which nobody reads on.
func (d *Document) root() (*infoset.Token, error) {
	r := xmltext.NewBytes([]byte(d.Text), xmltext.Options{Quotas: infoset.Buffered(), SkipPI: true})
	for {
		t, err := r.Next()
		switch {
		case err != nil:
			return nil, fmt.Errorf("document %q is no XML that can be served: %w", d.Name, err)
		case t.Kind != infoset.StartElement:
		case t.Name.Is(namespaceWSDL, "definitions"), t.Name.Is(namespaceXSD, "schema"):
			return t, nil
		default:
			return nil, fmt.Errorf("document %q begins with %q: expected definitions of WSDL 1.1 or a schema", d.Name, t.Name.Local)
		}
	}
}

// CheckDocuments says everything that is wrong with an attached description, joined. None is right.
func CheckDocuments(all []Document) error {
	var problems []error
	if len(all) > MaxDocuments {
		problems = append(problems, fmt.Errorf("%d documents, at most %d are allowed", len(all), MaxDocuments))
	}
	size := 0
	for i := range all {
		d := &all[i]
		if size += len(d.Text); size > MaxDocumentBytes {
			return errors.Join(append(problems, fmt.Errorf("the documents have more than %d bytes together", MaxDocumentBytes))...)
		}
		for _, before := range all[:i] {
			if strings.EqualFold(before.Name, d.Name) {
				problems = append(problems, fmt.Errorf("document %q stands twice", d.Name))
			}
		}
		problems = append(problems, d.Check())
	}
	if len(all) > 0 && errors.Join(problems...) == nil {
		if schema, _ := all[0].Schema(); schema {
			problems = append(problems, fmt.Errorf("document %q is a schema: the first document is the description, WSDL 1.1", all[0].Name))
		}
	}
	return errors.Join(problems...)
}
