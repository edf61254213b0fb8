package wssec

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// capture gives the bytes of a hex file of one direction: "" for all lines.
func capture(t testing.TB, file, direction string) (out []byte) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || !strings.HasPrefix(line, direction) {
			continue
		}
		if direction != "" {
			fields := strings.Fields(line)
			line = fields[len(fields)-1]
		}
		chunk, err := hex.DecodeString(line)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out = append(out, chunk...)
	}
	return out
}

// decode reads the message in an HTTP body, nil if there is none.
func decode(t *testing.T, head http.Header, body io.Reader) *soap.Message {
	t.Helper()
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) == 0 {
		return nil
	}
	enc, err := encoder.Select(head.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := enc.Decode(bytes.NewReader(b), encoder.Decoding{Quotas: infoset.Buffered()})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// httpMessages gives all SOAP messages of one captured direction.
func httpMessages(t *testing.T, file string) (all []*soap.Message) {
	t.Helper()
	r := bufio.NewReader(bytes.NewReader(capture(t, file, "")))
	for {
		var m *soap.Message
		if strings.Contains(file, ".client.") {
			req, err := http.ReadRequest(r)
			if err != nil {
				return all
			}
			m = decode(t, req.Header, req.Body)
		} else {
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				return all
			}
			m = decode(t, resp.Header, resp.Body)
		}
		if m != nil {
			all = append(all, m)
		}
	}
}

// parse reads a message from text.
func parse(t testing.TB, doc string) *soap.Message {
	t.Helper()
	m, err := soap.Read(xmltext.NewReader(strings.NewReader(doc), xmltext.Options{Quotas: infoset.Buffered()}), soap.None, soap.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// header makes the header of a message of 1.1 that holds block, with o and u
// declared.
func header(t testing.TB, block string) *soap.Header {
	t.Helper()
	m := parse(t, `<s:Envelope xmlns:s="`+soap.Namespace11+`" xmlns:o="`+NamespaceSecext+`" xmlns:u="`+NamespaceUtility+`" xmlns:r="`+NamespaceRelay+
		`"><s:Header>`+block+`</s:Header><s:Body/></s:Envelope>`)
	return m.Headers[0]
}

// canonical gives a block as canonical XML, alone.
func canonical(t testing.TB, h *soap.Header, v soap.Version) string {
	t.Helper()
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
	if err := h.WriteBlock(w, v); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return string(w.Bytes())
}

// throughBinary sends a block through .NET binary XML.
func throughBinary(t testing.TB, h *soap.Header) *soap.Header {
	t.Helper()
	m := soap.New(soap.V12)
	m.Headers = []*soap.Header{h}
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{})
	if err := m.Write(w); err != nil {
		t.Fatal(err)
	}
	m, err := soap.Read(xmlbin.NewBytes(bytes.Clone(w.Bytes()), xmlbin.Options{Quotas: infoset.Buffered()}), soap.V12, soap.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m.Headers[0]
}

// codeOf gives the code of an error of this package, "" for none.
func codeOf(t testing.TB, err error) Code {
	t.Helper()
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("error of type %T: %v", err, err)
	}
	return e.Code
}
