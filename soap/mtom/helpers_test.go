package mtom

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
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// capture gives the stream in a capture.
func capture(t testing.TB, file string) (out []byte) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for text := range strings.Lines(string(b)) {
		if text = strings.TrimSpace(text); text == "" || text[0] == '#' {
			continue
		}
		chunk, err := hex.DecodeString(text)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out = append(out, chunk...)
	}
	return out
}

// message is one multipart message of a capture.
type message struct {
	contentType string
	body        []byte
}

// httpMessages gives the multipart messages of a captured connection.
func httpMessages(t testing.TB, file string) (all []message) {
	t.Helper()
	r := bufio.NewReader(bytes.NewReader(capture(t, file)))
	for {
		var head http.Header
		var body io.ReadCloser
		if strings.Contains(file, ".client.") {
			req, err := http.ReadRequest(r)
			if err != nil {
				return all
			}
			head, body = req.Header, req.Body
		} else {
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				return all
			}
			head, body = resp.Header, resp.Body
		}
		b, err := io.ReadAll(body)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if typ := head.Get("Content-Type"); strings.HasPrefix(typ, typeRelated) {
			all = append(all, message{typ, b})
		}
	}
}

// mediaType parses a content type; nil for none.
func mediaType(t testing.TB, s string) *soap.MediaType {
	t.Helper()
	if s == "" {
		return nil
	}
	m, err := soap.ParseMediaType(s)
	if err != nil {
		t.Fatal(err)
	}
	return &m
}

// open opens a message with open quotas.
func open(t testing.TB, l Limits, contentType string, body io.Reader) (infoset.Reader, *soap.MediaType, error) {
	t.Helper()
	return Opener{l}.Open(mediaType(t, contentType), body, infoset.Buffered())
}

// canonical gives the whole document of r in its canonical form.
func canonical(r infoset.Reader) (string, error) {
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
	if err := infoset.Copy(w, r); err != nil {
		return "", err
	}
	return string(w.Bytes()), nil
}

// read opens a message and gives its canonical document.
func read(t testing.TB, l Limits, contentType, body string) (doc, root string, err error) {
	t.Helper()
	r, typ, err := open(t, l, contentType, strings.NewReader(body))
	if err != nil {
		return "", "", err
	}
	doc, err = canonical(r)
	return doc, typ.String(), err
}

// reasonOf gives the reason of an error of this package.
func reasonOf(t testing.TB, err error) infoset.Reason {
	t.Helper()
	e, ok := errors.AsType[*infoset.Error](err)
	if !ok {
		t.Fatalf("error of type %T: %v", err, err)
	}
	return e.Reason
}

// crlf ends lines as MIME has them.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
