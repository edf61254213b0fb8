package soap

import (
	"bytes"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

func textReader(doc string) *xmltext.Reader {
	return xmltext.NewReader(strings.NewReader(doc), xmltext.Options{Quotas: infoset.Buffered()})
}

// parse reads a message from text.
func parse(t testing.TB, doc string) *Message {
	t.Helper()
	m, err := Read(textReader(doc), None, Limits{})
	if err != nil {
		t.Fatalf("%v in %.300s", err, doc)
	}
	return m
}

// canonical gives the canonical form of a document from a reader.
func canonical(t testing.TB, r infoset.Reader) string {
	t.Helper()
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
	if err := infoset.Copy(w, r); err != nil {
		t.Fatal(err)
	}
	return string(w.Bytes())
}

func canonicalDoc(t testing.TB, doc string) string {
	t.Helper()
	return canonical(t, textReader(doc))
}

// canonicalMessage gives the canonical form of m, which is used up.
func canonicalMessage(t testing.TB, m *Message) string {
	t.Helper()
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
	if err := m.Write(w); err != nil {
		t.Fatal(err)
	}
	return string(w.Bytes())
}

// written gives m as text.
func written(t testing.TB, m *Message) string {
	t.Helper()
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	if err := m.Write(w); err != nil {
		t.Fatal(err)
	}
	return string(w.Bytes())
}

// toBinary sends m through .NET binary XML.
func toBinary(t testing.TB, m *Message) *Message {
	t.Helper()
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{AllNames: true})
	if err := m.Write(w); err != nil {
		t.Fatal(err)
	}
	doc := bytes.Clone(w.Bytes())
	m, err := Read(xmlbin.NewBytes(doc, xmlbin.Options{Quotas: infoset.Buffered()}), m.Version, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
