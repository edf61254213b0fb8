package mtom

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
)

var (
	cidOf      = regexp.MustCompile(`Content-ID: <http://tempuri\.org/1/(\d+)>`)
	boundaryOf = regexp.MustCompile(`boundary="([^"]+)"`)
)

// rewritten reads a message of WCF and writes it with the same boundary and
// Content-IDs.
func rewritten(t *testing.T, contentType string, body []byte, head bool) ([]byte, string) {
	t.Helper()
	enc, err := encoder.Select(contentType)
	if err != nil {
		t.Fatal(err)
	}
	m, err := enc.Decode(bytes.NewReader(body), encoder.Decoding{Quotas: infoset.Buffered(), Multipart: Opener{}})
	if err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	o := WriterOptions{Version: m.Version, Boundary: boundaryOf.FindStringSubmatch(contentType)[1], Head: head}
	if id := cidOf.FindSubmatch(body); id != nil {
		o.ID = string(id[1])
	}
	var out bytes.Buffer
	if err := m.Write(NewWriter(&out, o)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), o.ContentType()
}

// TestCapturedHTTP reads what .NET and CoreWCF sent over HTTP and writes the same
// bytes again.
func TestCapturedHTTP(t *testing.T) {
	files, err := filepath.Glob("../testdata/captures/dotnet/*mtom*/*.hex")
	if err != nil {
		t.Fatal(err)
	}
	count, parts := 0, 0
	for _, file := range files {
		for _, m := range httpMessages(t, file) {
			count++
			if cidOf.Match(m.body) {
				parts++
			}
			got, typ := rewritten(t, m.contentType, m.body, false)
			// The .NET writer breaks no rule by writing references with another
			// prefix order; the bytes must be the same.
			if !bytes.Equal(got, m.body) {
				t.Errorf("%s: wrote\n%q\nwant\n%q", file, got, m.body)
			}
			if strings.Contains(file, ".server.") && typ != m.contentType {
				t.Errorf("%s: content type %s, want %s", file, typ, m.contentType)
			}
		}
	}
	if count < 15 || parts < 3 {
		t.Errorf("%d messages, %d with parts", count, parts)
	}
}

// TestCapturedTCP does the same for messages over net.tcp, whose MIME headers are
// part of the message.
func TestCapturedTCP(t *testing.T) {
	count := 0
	for _, side := range []string{"client", "server"} {
		raw := capture(t, "testdata/tcp-mtom/c1."+side+".hex")
		for _, m := range bytes.SplitAfter(raw, []byte("--\r\n")) {
			i := bytes.Index(m, []byte("MIME-Version"))
			if i < 0 {
				continue
			}
			m = m[i:]
			count++
			typ, body, err := CutHead(m)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := rewritten(t, typ, m, true)
			if !bytes.Equal(got, m) {
				t.Errorf("%s: wrote\n%q\nwant\n%q", side, got, m)
			}
			if again := append(AppendHead(nil, typ), body...); !bytes.Equal(again, m) {
				t.Errorf("cut and joined:\n%q\nwant\n%q", again, m)
			}
			if _, _, err := read(t, Limits{}, "", string(m)); err != nil {
				t.Errorf("without content type: %v", err)
			}
		}
	}
	if count != 4 {
		t.Errorf("%d messages", count)
	}
}

// TestMono reads the request of Mono, which has its boundary in the body only, no
// type for the envelope and no start-info; and the answer that its client took,
// whose references are escaped.
func TestMono(t *testing.T) {
	dir := "../testdata/captures/mono/built-http-mtom-answer/c1."
	for side, want := range map[string]string{"client": "<size>2000</size>", "server": "</BlobResult>"} {
		all := httpMessages(t, dir+side+".hex")
		if len(all) != 1 {
			t.Fatalf("%s: %d messages", side, len(all))
		}
		doc, root, err := read(t, Limits{}, all[0].contentType, string(all[0].body))
		if err != nil || root != "text/xml" || !strings.Contains(doc, want) || strings.Contains(doc, "Include") {
			t.Errorf("%s: %s %v\n%s", side, root, err, doc)
		}
	}
}

// TestCidEscapes is the case of that name.
func TestCidEscapes(t *testing.T) {
	dir := "testdata/mtom-cid-escapes-two-parts/"
	var want struct {
		SHA256  map[string]string `json:"sha256"`
		Lengths map[string]int    `json:"lengths"`
	}
	b, err := os.ReadFile(dir + "expect.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	r := openCase(t, dir+"response.bin")
	found := 0
	for {
		tok, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if tok.Kind != infoset.StartElement || want.SHA256[tok.Name.Local] == "" {
			continue
		}
		name := tok.Name.Local
		v, err := infoset.Content(r, nil)
		if err != nil || v.Type() != infoset.TypeBytes {
			t.Fatalf("%s: %v %v", name, v.Type(), err)
		}
		sum := sha256.Sum256(v.Raw())
		if hex.EncodeToString(sum[:]) != want.SHA256[name] || len(v.Raw()) != want.Lengths[name] {
			t.Errorf("%s: %d bytes: %q", name, len(v.Raw()), v.Raw())
		}
		found++
	}
	if found != 2 {
		t.Errorf("%d fields", found)
	}
	_, err = canonical(openCase(t, dir+"missing.bin"))
	if err == nil || !strings.Contains(err.Error(), `"lost"`) || !strings.Contains(err.Error(), "g:a") {
		t.Errorf("missing part: %v", err)
	}
	if e := soap.Explain(err, soap.V12); e.Fault.Code != soap.Sender || !strings.Contains(e.Fault.Reason("en"), "lost") {
		t.Errorf("fault: %v", e)
	}
}

func openCase(t *testing.T, file string) infoset.Reader {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, root, err := open(t, Limits{}, resp.Header.Get("Content-Type"), resp.Body)
	if err != nil || root.Type != type12 {
		t.Fatal(root, err)
	}
	return r
}
