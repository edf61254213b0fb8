package wsdltest

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// Body gives the element in the body of an envelope as a document, "" for an empty one, and its name.
func Body(t testing.TB, envelope []byte) (doc string, root model.Name) {
	t.Helper()
	m, err := soap.Read(xmltext.NewBytes(envelope, xmltext.Options{Quotas: infoset.Buffered()}), soap.None, soap.Limits{})
	if err != nil {
		t.Fatalf("%v: %s", err, envelope)
	}
	body, err := m.Body()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := xmltext.NewWriter(&out, xmltext.WriterOptions{})
	for {
		token, err := body.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if token.Kind == infoset.StartElement && root.Local == "" {
			root = model.Name{Space: token.Name.Space, Local: token.Name.Local}
		}
		if err := infoset.Write(w, token); err != nil {
			t.Fatal(err)
		}
	}
	if root.Local == "" {
		return "", root
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String(), root
}
