package corpus_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/http1/corpus"
)

var (
	place = corpus.Place{Host: "localhost:8080", Path: "/echo"}
	heads = sync.OnceValue(func() []corpus.Item { return corpus.Heads(place) })
)

// read decodes one message by the codec, as a server does: head, framing, body. It returns what the message carries.
func read(b []byte) (body []byte, rest int, err error) {
	h, n, err := http1.DecodeRequest(b, http1.Limits{})
	if err != nil || n == 0 {
		return nil, 0, errors.Join(err, incomplete(n))
	}
	f, err := http1.RequestFraming(h)
	if err != nil {
		return nil, 0, err
	}
	b = b[n:]
	switch f.Kind {
	case http1.Length:
		if int64(len(b)) < f.Length {
			return nil, 0, io.ErrUnexpectedEOF
		}
		return b[:f.Length], len(b) - int(f.Length), nil
	case http1.Chunked:
		var c http1.Chunks
		for !c.Done() {
			data, n, err := c.Next(b)
			if err != nil {
				return nil, 0, err
			}
			if n == 0 {
				return nil, 0, io.ErrUnexpectedEOF
			}
			body = append(body, data...)
			b = b[n:]
		}
	}
	return body, len(b), nil
}

func incomplete(n int) error {
	if n == 0 {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func TestHeads(t *testing.T) {
	items := heads()
	if len(items) < 20_000 {
		t.Errorf("%d heads, want 20,000 at least", len(items))
	}
	checkRepaired(t, items)
	for _, it := range items {
		h, n, err := http1.DecodeRequest(it.Broken, http1.Limits{})
		var fault *http1.Error
		if !errors.As(err, &fault) || n != 0 || h != nil {
			t.Errorf("%s (%s): got %d bytes, error %v, want a refusal of %q", it.Name, it.Rule, n, err, it.Broken)
			continue
		}
		switch status := fault.Kind.Status(); {
		case status == 400:
		case status == 501 && strings.Contains(it.Rule, "Transfer-Encoding is chunked"):
		case status == 505 && strings.Contains(it.Rule, "HTTP-version"):
		default:
			t.Errorf("%s: status %d (%v) for rule %s", it.Name, status, err, it.Rule)
		}
	}
}

// A broken head is never taken for a good one on the way to its fault, and a fault once seen stays what it is.
func TestHeadsByteByByte(t *testing.T) {
	for _, it := range corpus.Pick(heads(), 1500) {
		first := ""
		for n := range it.Broken {
			h, _, err := http1.DecodeRequest(it.Broken[:n+1], http1.Limits{})
			if h != nil {
				t.Fatalf("%s: taken after %d bytes of %q", it.Name, n+1, it.Broken)
			}
			if err != nil && first == "" {
				first = err.Error()
			}
			if first != "" && (err == nil || err.Error() != first) {
				t.Fatalf("%s: %q turned into %v at byte %d of %q", it.Name, first, err, n, it.Broken)
			}
		}
		if first == "" {
			t.Fatalf("%s: never refused: %q", it.Name, it.Broken)
		}
	}
}

func TestBodies(t *testing.T) {
	items := corpus.Bodies(place)
	if len(items) < 2_000 {
		t.Errorf("%d bodies, want 2,000 at least", len(items))
	}
	checkRepaired(t, items)
	for _, it := range items {
		if _, n, err := http1.DecodeRequest(it.Broken, http1.Limits{}); n == 0 || err != nil {
			t.Errorf("%s: the head is refused (%v), but only the body may be at fault", it.Name, err)
		}
		var fault *http1.Error
		if _, _, err := read(it.Broken); !errors.As(err, &fault) {
			t.Errorf("%s (%s): error %v, want a refusal of %q", it.Name, it.Rule, err, it.Broken)
		}
	}
}

// Items are worth their place: names and messages are unique, each fault has a good twin that is read to its last byte, and a
// lenient but respected parser lets many through, so that they are no mere noise.
func checkRepaired(t *testing.T, items []corpus.Item) {
	t.Helper()
	seen := map[string]string{}
	lenient := 0
	for _, it := range items {
		if other := seen[string(it.Broken)]; other != "" {
			t.Errorf("%s is %s again", it.Name, other)
		}
		if seen["name "+it.Name] != "" {
			t.Errorf("two items have the name %s", it.Name)
		}
		seen[string(it.Broken)], seen["name "+it.Name] = it.Name, it.Name
		if bytes.Equal(it.Broken, it.Repaired) {
			t.Errorf("%s is not broken", it.Name)
		}
		body, rest, err := read(it.Repaired)
		if err != nil || rest != 0 || !bytes.Equal(body, it.Body) {
			t.Errorf("%s: repaired gives body %q, rest %d, error %v: %q", it.Name, body, rest, err, it.Repaired)
		}
		if req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(it.Broken))); err == nil {
			if _, err := io.Copy(io.Discard, req.Body); err == nil {
				lenient++
			}
		}
	}
	if lenient < len(items)/100 {
		t.Errorf("net/http refuses all but %d of %d items: the corpus says nothing about strictness", lenient, len(items))
	}
	t.Logf("%d items; net/http, which is lenient on purpose, takes %d", len(items), lenient)
}

func TestPick(t *testing.T) {
	items := heads()
	picked := corpus.Pick(items, 300)
	if len(picked) < 300 || len(picked) > 400 {
		t.Errorf("picked %d of %d, want about 300", len(picked), len(items))
	}
	rules, all := map[string]bool{}, map[string]bool{}
	for _, it := range picked {
		rules[it.Rule] = true
	}
	for _, it := range items {
		all[it.Rule] = true
	}
	if len(rules) != len(all) {
		t.Errorf("picked items have %d rules of %d", len(rules), len(all))
	}
}

// The corpus follows its place: an address that tests on sockets use is a good one too.
func TestPlaces(t *testing.T) {
	for _, p := range []corpus.Place{{Host: "127.0.0.1:34567", Path: "/a/b"}, {Host: "[::1]:80", Path: "/"}, {Host: "relay.localhost", Path: "/x"}} {
		for _, it := range append(corpus.Pick(corpus.Heads(p), 3000), corpus.Pick(corpus.Bodies(p), 500)...) {
			if _, _, err := read(it.Repaired); err != nil {
				t.Fatalf("%v: %s: repaired is refused: %v: %q", p, it.Name, err, it.Repaired)
			}
			if _, _, err := read(it.Broken); err == nil {
				t.Fatalf("%v: %s: taken: %q", p, it.Name, it.Broken)
			}
		}
	}
}
