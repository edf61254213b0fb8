package http1

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/internal/http1/corpus"
)

// seedFiles adds the field cases and a spread of the corpus.
func seedFiles(f *testing.F, add func([]byte)) {
	f.Helper()
	files, err := filepath.Glob("testdata/cases/*/*.bin")
	if err != nil || len(files) == 0 {
		f.Fatalf("%d cases, error %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		add(b)
	}
	place := corpus.Place{Host: "h:80", Path: "/p"}
	for _, it := range append(corpus.Pick(corpus.Heads(place), 200), corpus.Pick(corpus.Bodies(place), 100)...) {
		add(it.Broken)
		add(it.Repaired)
	}
}

// FuzzRequest: whatever we take, net/http takes too and sees the same method, target, host, framing and fields. What we refuse is our
// business: we are stricter.
func FuzzRequest(f *testing.F) {
	seedFiles(f, func(b []byte) { f.Add(b) })
	f.Add([]byte("\r\nGET http://H:80/?a HTTP/1.1\r\nhost: h\r\nTrailer: Content-Length\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := DecodeRequest(b, Limits{})
		checkStable(t, DecodeRequest, b, h, n, err)
		if h == nil {
			return
		}
		checkRewrite(t, h)
		req, err := http.ReadRequest(bufio.NewReaderSize(bytes.NewReader(peerView(b[:n])), 64<<10))
		if err != nil {
			if argued(h) {
				return
			}
			t.Fatalf("net/http refuses %q: %v", b[:n], err)
		}
		if req.Method != h.Method || req.RequestURI != h.Target || req.Host != h.Host() || req.ProtoMajor != 1 || req.ProtoMinor != h.Minor {
			t.Fatalf("%q: net/http sees %s %q of %q, we see %s %q of %q", b[:n], req.Method, req.RequestURI, req.Host, h.Method, h.Target, h.Host())
		}
		checkSameFraming(t, h, req.ContentLength, req.TransferEncoding)
		if diff := sameHeader(h.Fields, req.Header); diff != "" {
			t.Fatalf("%q: %s: net/http has %q, we have %q", b[:n], diff, req.Header, h.Fields)
		}
	})
}

// peerView leaves out the one empty line that we skip and http.ReadRequest leaves to its caller.
func peerView(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\r\n")) }

// argued tells what we take and net/http does not: a Trailer field that names framing fields in a chunked message. It refuses the message
// for the announcement; we drop all trailer fields, announced or not, so the announcement means nothing.
func argued(h *Head) bool {
	f, _ := RequestFraming(h)
	if f.Kind == Chunked {
		for _, name := range []string{"Transfer-Encoding", "Trailer", "Content-Length"} {
			if h.Fields.HasToken("Trailer", name) {
				return true
			}
		}
	}
	return false
}

func checkSameFraming(t *testing.T, h *Head, length int64, codings []string) {
	t.Helper()
	f, err := RequestFraming(h)
	if err != nil {
		t.Fatalf("a head of DecodeRequest has no framing: %v", err)
	}
	want, chunked := f.Length, f.Kind == Chunked
	if chunked {
		want = -1
	}
	if length != want || chunked != slices.Equal(codings, []string{"chunked"}) {
		t.Fatalf("net/http sees length %d, codings %q, we see %v", length, codings, f)
	}
}

// sameHeader compares our fields with a header of net/http, which takes Host and Transfer-Encoding out, Trailer of chunked messages too,
// and adds Cache-Control to Pragma.
func sameHeader(fields Fields, header http.Header) string {
	ours := http.Header{}
	for _, f := range fields {
		ours[http.CanonicalHeaderKey(f.Name)] = append(ours[http.CanonicalHeaderKey(f.Name)], f.Value)
	}
	for _, name := range []string{"Host", "Transfer-Encoding", "Trailer"} {
		delete(ours, name)
		delete(header, name)
	}
	if _, ok := ours["Cache-Control"]; !ok {
		delete(header, "Cache-Control")
	}
	for name, values := range ours {
		// The value is compared without the blanks that only one side's idea of a blank may cut: none are left.
		if !reflect.DeepEqual(values, header[name]) {
			return name
		}
	}
	if len(ours) != len(header) {
		return "number of fields"
	}
	return ""
}

// checkStable holds the promises of a decoder: prefixes ask for more or have the same fault, and bytes behind change nothing.
func checkStable(t *testing.T, decode decoder, b []byte, h *Head, n int, err error) {
	t.Helper()
	if (h != nil) != (n > 0) || h != nil && err != nil || n > len(b) {
		t.Fatalf("%q: head %v, %d bytes, error %v", b, h, n, err)
	}
	same := func(h2 *Head, n2 int, err2 error) bool {
		return n2 == n && reflect.DeepEqual(h2, h) && sameFault(err2, err)
	}
	if h != nil || err != nil {
		if h2, n2, err2 := decode(append(slices.Clone(b), "\r\n\r\n x\n"...), Limits{}); !same(h2, n2, err2) {
			t.Fatalf("%q: %v, %d, %v with more bytes behind; %v, %d, %v without", b, h2, n2, err2, h, n, err)
		}
	}
	for _, cut := range []int{len(b) / 3, len(b) / 2, len(b) - 1} {
		if cut < 0 {
			continue
		}
		h2, n2, err2 := decode(b[:cut], Limits{})
		if more := h2 == nil && n2 == 0 && err2 == nil; !more && !same(h2, n2, err2) {
			t.Fatalf("%q: %v, %d, %v; of %d bytes %v, %d, %v", b, h, n, err, cut, h2, n2, err2)
		}
	}
}

// checkRewrite writes a decoded head and decodes it again: the same but for the version, which is always ours.
func checkRewrite(t *testing.T, h *Head) {
	t.Helper()
	b := AppendRequest(nil, h)
	h2, n, err := DecodeRequest(b, Limits{Bytes: len(b) + 1})
	if h.Minor == 0 && err != nil {
		return // no Host: right in HTTP/1.0 only
	}
	if err != nil || n != len(b) {
		t.Fatalf("written again as %q: took %d, error %v", b, n, err)
	}
	if h2.Minor = h.Minor; !reflect.DeepEqual(h2, h) {
		t.Fatalf("written again as %q: %v, was %v", b, h2, h)
	}
}

// FuzzResponse: the promises of a decoder; and whatever we take with a framing, net/http reads in the same way.
func FuzzResponse(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 401 No way, Jose & co. TrackingId:x_G1\r\n\r\n", "HTTP/1.0 204 \r\nA: b\r\na: c\r\n\r\n",
		"HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "HTTP/1.1 999\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 500 \xff\r\nX : y\r\n\r\n",
	} {
		f.Add([]byte(s), "GET")
		f.Add([]byte(s), "HEAD")
	}
	f.Fuzz(func(t *testing.T, b []byte, method string) {
		h, n, err := DecodeResponse(b, Limits{})
		checkStable(t, DecodeResponse, b, h, n, err)
		if h == nil {
			return
		}
		again, m, err := DecodeResponse(AppendResponse(nil, h), Limits{Bytes: 1 << 20})
		if err != nil || m == 0 || again.Status != h.Status || again.Reason != CleanReason(h.Reason) || sameHeader(h.Fields, header(again.Fields)) != "" {
			t.Fatalf("%q written again: %v, error %v", b[:n], again, err)
		}
		framing, err := ResponseFraming(h, method)
		if err != nil {
			return
		}
		resp, err := http.ReadResponse(bufio.NewReaderSize(bytes.NewReader(b[:n]), 64<<10), &http.Request{Method: method})
		if err != nil {
			if argued(h) || framing.Kind == None {
				return // it looks at framing fields also where there is no body
			}
			t.Fatalf("net/http refuses %q: %v", b[:n], err)
		}
		want := map[FramingKind]int64{Length: framing.Length, Chunked: -1, UntilClose: -1}[framing.Kind]
		if framing.Kind != None && (resp.ContentLength != want || (framing.Kind == Chunked) != (len(resp.TransferEncoding) == 1)) {
			t.Fatalf("%q: net/http sees length %d, codings %q, we see %v", b[:n], resp.ContentLength, resp.TransferEncoding, framing)
		}
		if resp.StatusCode != h.Status || strings.TrimLeft(strings.TrimPrefix(resp.Status, resp.Status[:3]), " ") != strings.TrimLeft(h.Reason, " ") {
			t.Fatalf("%q: net/http sees %q, we see %d %q", b[:n], resp.Status, h.Status, h.Reason)
		}
	})
}

func header(fields Fields) http.Header {
	h := http.Header{}
	for _, f := range fields {
		h[http.CanonicalHeaderKey(f.Name)] = append(h[http.CanonicalHeaderKey(f.Name)], f.Value)
	}
	return h
}

// FuzzChunks: a body gives the same bytes, end or fault however it is cut; and what we take, net/http takes too, with the same data and
// the same bytes behind.
func FuzzChunks(f *testing.F) {
	seedFiles(f, func(b []byte) {
		if _, body, ok := bytes.Cut(b, []byte("\r\n\r\n")); ok {
			f.Add(body)
		}
	})
	f.Add([]byte("1;a=\"b\"\r\nZ\r\n0\r\nX: y\r\n\r\nGET"))
	f.Fuzz(func(t *testing.T, b []byte) {
		checkCuts(t, b)
		body, used, done, err := decodeIn(b)
		if err != nil || !done {
			return
		}
		const head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
		r := bufio.NewReaderSize(strings.NewReader(head+string(b)), 64<<10)
		req, err := http.ReadRequest(r)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := io.ReadAll(req.Body)
		if err != nil || !bytes.Equal(theirs, body) {
			t.Fatalf("%q: net/http reads %q, error %v; we read %q", b, theirs, err, body)
		}
		if rest, _ := io.ReadAll(r); !bytes.Equal(rest, b[used:]) {
			t.Fatalf("%q: net/http leaves %q, we leave %q", b, rest, b[used:])
		}
		again := append(AppendChunk(nil, body), LastChunk...)
		if back, _, done, err := decodeIn(again); !bytes.Equal(back, body) || !done || err != nil {
			t.Fatalf("%q written again: %q, done %v, error %v", body, back, done, err)
		}
	})
}
