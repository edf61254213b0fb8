package soap

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
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

// text gives m as text.
func text11(t testing.TB, m *Message) string {
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

// httpMessage is one message of a captured HTTP exchange.
type httpMessage struct {
	name   string
	header http.Header
	status int // 0 for a request
	body   []byte
}

// captured gives every message with a body in the captures of testdata.
func captured(t testing.TB) (all []httpMessage) {
	t.Helper()
	files, err := filepath.Glob("testdata/captures/*/*/*.hex")
	if err != nil || len(files) == 0 {
		t.Fatal("no captures", err)
	}
	for _, file := range files {
		raw := unhex(t, file)
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "testdata/captures/"), ".hex")
		r := bufio.NewReader(bytes.NewReader(raw))
		if strings.HasSuffix(name, ".server") {
			all = append(all, responses(t, name, r)...)
			continue
		}
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				break // the end, or no HTTP
			}
			body, _ := io.ReadAll(req.Body)
			all = append(all, httpMessage{name: name, header: req.Header, body: body})
		}
	}
	return all
}

func responses(t testing.TB, name string, r *bufio.Reader) (all []httpMessage) {
	t.Helper()
	for {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return all
		}
		if resp.StatusCode == http.StatusContinue {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
		all = append(all, httpMessage{name: name, header: resp.Header, status: resp.StatusCode, body: body})
	}
}

// unhex gives the stream in a capture.
func unhex(t testing.TB, file string) (out []byte) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		chunk, err := hex.DecodeString(line)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out = append(out, chunk...)
	}
	return out
}
