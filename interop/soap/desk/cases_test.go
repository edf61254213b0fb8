package desk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// fieldCase gives a file of a field case.
func fieldCase(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(interop.Root(t), "soap", "testdata", "case", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fault posts a request to a service and gives what came back with the fault in it.
func fault(t *testing.T, url string, header http.Header, body []byte) (*http.Response, *soap.Message, *soap.Fault) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	enc, err := encoder.Select(resp.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := enc.Decode(resp.Body, encoder.Decoding{Quotas: infoset.Buffered()})
	if err != nil {
		t.Fatal(err)
	}
	f, err := m.Fault()
	if err != nil || f == nil {
		t.Fatal("no fault", err)
	}
	return resp, m, f
}

// TestFaultInCallersVersion is the field case, over HTTP: who fails is told so in the version that he speaks.
func TestFaultInCallersVersion(t *testing.T) {
	var want struct {
		Answers map[string]struct {
			Version     string `json:"version"`
			ContentType string `json:"contentType"`
			Code        string `json:"code"`
			Status      []int  `json:"status"`
		} `json:"answers"`
	}
	if err := json.Unmarshal(fieldCase(t, "fault-in-callers-version/expect.json"), &want); err != nil {
		t.Fatal(err)
	}
	s := Serve(t)
	for name, w := range want.Answers {
		req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(fieldCase(t, "fault-in-callers-version/"+name))))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Fatal(err)
		}
		resp, m, f := fault(t, s.URL, req.Header, body)
		code := f.Code
		if m.Version == soap.V11 && code == soap.Sender { // the model has the names of 1.2
			code.Local = "Client"
		}
		if code.Local != w.Code || !slices.Contains(w.Status, resp.StatusCode) || !strings.HasPrefix(resp.Header.Get("Content-Type"), w.ContentType) ||
			w.Version != "" && m.Version.String() != "SOAP "+w.Version {
			t.Errorf("%s: status %d, %s, %v, %v", name, resp.StatusCode, resp.Header.Get("Content-Type"), m.Version, f)
		}
	}
}

// TestAttributesHaveNoDefaultNamespace is the field case: mustUnderstand without prefix says nothing.
func TestAttributesHaveNoDefaultNamespace(t *testing.T) {
	s := Serve(t)
	header := http.Header{"Content-Type": {"text/xml"}}
	_, _, loose := fault(t, s.URL, header, fieldCase(t, "attributes-have-no-default-namespace/loose.xml"))
	_, _, strict := fault(t, s.URL, header, fieldCase(t, "attributes-have-no-default-namespace/real.xml"))
	if loose.Code != soap.Sender || !strings.Contains(loose.Reason("en"), "no operation") || strict.Code != soap.MustUnderstand {
		t.Error(loose, strict) // the first got as far as its body
	}
}

// TestPlaceOfMIMEHeaders is the field case mtom-mime-version-place for HTTP: what goes over the wire.
func TestPlaceOfMIMEHeaders(t *testing.T) {
	for _, v := range []soap.Version{soap.V11, soap.V12} {
		var header http.Header
		var body []byte
		recorder := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			header = r.Header
			body, _ = io.ReadAll(r.Body) // looked at below
		}))
		c := Client{URL: recorder.URL, Version: v, MTOM: true}
		_, err := c.Call(t.Context(), "Store", nil, func(w infoset.Writer) { text(w, "data", infoset.Bytes(Pattern(1024))) })
		recorder.Close()
		if err != nil {
			t.Fatal(err)
		}
		typ, err := soap.ParseMediaType(header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		start, _ := typ.Param("start")
		root := regexp.MustCompile(`^(\r\n)?--[^\r]+\r\n(?s:.*?)Content-ID: (<[^\r]+>)\r\n`).FindSubmatch(body)
		if header.Get("MIME-Version") != "1.0" || typ.Type != "multipart/related" || root == nil || string(root[2]) != start {
			t.Errorf("%v: head %v, body %.200q", v, header, body)
		}
	}
}
