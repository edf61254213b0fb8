package http1

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stream reads a recording: lines of hex are chunks as they arrived, the rest are notes.
func stream(t *testing.T, file string) (b []byte) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		chunk, err := hex.DecodeString(strings.TrimSpace(lines.Text()))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		b = append(b, chunk...)
	}
	return b
}

// takeBody reads one body by its framing and returns what follows.
func takeBody(f Framing, b []byte) (body, rest []byte, err error) {
	switch f.Kind {
	case Length:
		if int64(len(b)) < f.Length {
			return nil, nil, io.ErrUnexpectedEOF
		}
		return b[:f.Length], b[f.Length:], nil
	case UntilClose:
		return b, nil, nil
	case Chunked:
		var c Chunks
		for !c.Done() {
			data, n, err := c.Next(b)
			if err != nil {
				return body, nil, err
			}
			if n == 0 {
				return body, nil, io.ErrUnexpectedEOF
			}
			body, b = append(body, data...), b[n:]
		}
		return body, b, nil
	default:
		return nil, b, nil
	}
}

// Recordings of .NET and Mono clients and services are read to their last byte, and each head is written again as it was, byte for
// byte: case, order and repeats of the fields are kept.
func TestVectors(t *testing.T) {
	dirs, err := filepath.Glob("testdata/vectors/*")
	if err != nil || len(dirs) < 6 {
		t.Fatalf("%d recordings, error %v", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			methods := checkRequests(t, stream(t, dir+"/c1.client.hex"))
			checkResponses(t, stream(t, dir+"/c1.server.hex"), methods)
		})
	}
}

func checkRequests(t *testing.T, b []byte) (methods []string) {
	t.Helper()
	for len(b) > 0 {
		h, n, err := DecodeRequest(b, Limits{})
		if err != nil || n == 0 {
			t.Fatalf("request %d: %d bytes, error %v: %.300q", len(methods), n, err, b)
		}
		if again := AppendRequest(nil, h); !bytes.Equal(again, b[:n]) {
			t.Errorf("written again:\n%q\nwas:\n%q", again, b[:n])
		}
		methods = append(methods, h.Method)
		f, err := RequestFraming(h)
		if err != nil {
			t.Fatal(err)
		}
		if h.Fields.HasToken("Connection", "Upgrade") {
			return methods // the rest is WebSocket
		}
		if _, b, err = takeBody(f, b[n:]); err != nil {
			t.Fatalf("body of request %d: %v", len(methods), err)
		}
	}
	return methods
}

func checkResponses(t *testing.T, b []byte, methods []string) {
	t.Helper()
	for i := 0; len(b) > 0; i++ {
		h, n, err := DecodeResponse(b, Limits{})
		if err != nil || n == 0 {
			t.Fatalf("response %d: %d bytes, error %v: %.300q", i, n, err, b)
		}
		if again := AppendResponse(nil, h); !bytes.Equal(again, b[:n]) {
			t.Errorf("written again:\n%q\nwas:\n%q", again, b[:n])
		}
		if h.Status == 101 {
			return
		}
		if h.Status < 200 {
			i--
		}
		f, err := ResponseFraming(h, methods[max(i, 0)])
		if err != nil {
			t.Fatal(err)
		}
		if _, b, err = takeBody(f, b[n:]); err != nil {
			t.Fatalf("body of response %d: %v", i, err)
		}
	}
}

// The cases of the relay's field collection: cs-* are chunk faults behind a good head, ok-* are good, all others are refused by
// their head.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*/*.bin")
	if err != nil || len(files) != 28 {
		t.Fatalf("%d files, error %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		chunked := strings.HasPrefix(name, "cs-") || strings.HasPrefix(name, "ok-")
		h, n, err := DecodeRequest(b, Limits{})
		if !chunked {
			if err == nil || h != nil || n != 0 {
				t.Errorf("%s: taken", name)
			}
			continue
		}
		if err != nil || n == 0 {
			t.Errorf("%s: head refused: %v", name, err)
			continue
		}
		body, rest, err := takeBody(Framing{Kind: Chunked}, b[n:])
		if good := name == "ok-ext.bin"; good != (err == nil) || errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: body %q, error %v", name, body, err)
		} else if good && (string(body) != "Z" || len(rest) != 0) {
			t.Errorf("%s: body %q, rest %q", name, body, rest)
		}
	}
}
