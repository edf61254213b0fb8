package encoder

import (
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

const (
	env11 = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">`
	env12 = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">`
	end   = `</s:Envelope>`
)

func textReader(doc string) *xmltext.Reader {
	return xmltext.NewReader(strings.NewReader(doc), xmltext.Options{Quotas: infoset.Buffered()})
}

// parse reads a message from text.
func parse(t testing.TB, doc string) *soap.Message {
	t.Helper()
	m, err := soap.Read(textReader(doc), soap.None, soap.Limits{})
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
func canonicalMessage(t testing.TB, m *soap.Message) string {
	t.Helper()
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
	if err := m.Write(w); err != nil {
		t.Fatal(err)
	}
	return string(w.Bytes())
}
