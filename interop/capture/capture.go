package capture

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
)

// Case is one recording: what a client of a stack and its service said to each other.
type Case struct {
	Stack, Name string
	About       []string // the lines of case.txt: what was run, what the client printed
	Exchanges   []Exchange
}

// Exchange is one request with its answer.
type Exchange struct {
	Request, Answer Message
	at              float64 // when the request's first chunk came, in milliseconds, on the clock of all connections
}

// Message is one HTTP message, its body without transfer coding.
type Message struct {
	Method string // of a request
	Path   string // of a request
	Status int    // of an answer
	Header http.Header
	Body   []byte
}

// Load gives the recorded HTTP cases of a stack, mono or dotnet, by name.
func Load(t testing.TB, stack string) (cases []Case) {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(interop.Root(t), "soap", "testdata", "captures", stack, "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatal("no captures of", stack, err)
	}
	for _, dir := range dirs {
		about, err := os.ReadFile(filepath.Join(dir, "case.txt"))
		if err != nil {
			t.Fatal(err)
		}
		c := Case{Stack: stack, Name: filepath.Base(dir), About: strings.Split(strings.TrimSpace(string(about)), "\n")}
		for n := 1; ; n++ {
			conn := filepath.Join(dir, fmt.Sprintf("c%d.", n))
			if _, err := os.Stat(conn + "client.hex"); err != nil {
				break
			}
			c.Exchanges = append(c.Exchanges, connection(t, conn)...)
		}
		slices.SortFunc(c.Exchanges, func(a, b Exchange) int { return cmp.Compare(a.at, b.at) })
		cases = append(cases, c)
	}
	return cases
}

// Setting gives the value of a "name: value" in the first lines of case.txt, where several may stand in one line.
func (c *Case) Setting(name string) string {
	for _, line := range c.About {
		for part := range strings.SplitSeq(line, ", ") {
			if value, ok := strings.CutPrefix(part, name+": "); ok {
				return value
			}
		}
	}
	return ""
}

// Printed gives the lines that the client printed.
func (c *Case) Printed() (lines []string) {
	for _, line := range c.About {
		if l, ok := strings.CutPrefix(line, "   "); ok && !strings.HasSuffix(l, "client printed:") {
			lines = append(lines, l)
		}
	}
	return lines
}

// connection reads the two streams of a connection. Their requests and answers go in pairs; a last request without answer
// (a reset) has an Answer with status 0.
func connection(t testing.TB, prefix string) (all []Exchange) {
	t.Helper()
	sent, marks := stream(t, prefix+"client.hex")
	answered, _ := stream(t, prefix+"server.hex")
	in, out := bytes.NewReader(sent), bufio.NewReader(bytes.NewReader(answered))
	requests := bufio.NewReader(in)
	for {
		at := len(sent) - in.Len() - requests.Buffered()
		req, err := http.ReadRequest(requests)
		if err != nil {
			return all // the end
		}
		ex := Exchange{at: marks.at(at), Request: Message{Method: req.Method, Path: req.URL.RequestURI(), Header: req.Header, Body: content(req.Body)}}
		for {
			resp, err := http.ReadResponse(out, nil)
			if err != nil {
				break // no answer
			}
			if resp.StatusCode != http.StatusContinue {
				ex.Answer = Message{Status: resp.StatusCode, Header: resp.Header, Body: content(resp.Body)}
				break
			}
		}
		all = append(all, ex)
	}
}

// content reads a body as far as it was recorded.
func content(body io.Reader) []byte {
	b, _ := io.ReadAll(body) // a recording may end in the middle: what there is counts
	return b
}

// marks tells when the bytes of a stream came.
type marks []mark

type mark struct {
	offset int
	ms     float64
}

func (m marks) at(offset int) (ms float64) {
	for _, k := range m {
		if k.offset > offset {
			break
		}
		ms = k.ms
	}
	return ms
}

// stream reads one direction: lines of hex, each behind a line that gives its number and time.
func stream(t testing.TB, file string) (out []byte, m marks) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var seq int
	var ms float64
	for line := range strings.Lines(string(b)) {
		switch line = strings.TrimSpace(line); {
		case line == "":
		case line[0] == '#':
			if _, err := fmt.Sscanf(line, "# seq=%d t=%fms", &seq, &ms); err != nil {
				t.Fatalf("%s: %q: %v", file, line, err)
			}
		default:
			chunk, err := hex.DecodeString(line)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			m = append(m, mark{len(out), ms})
			out = append(out, chunk...)
		}
	}
	return out, m
}
