package http1

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// decodeIn feeds a body in pieces that end at the cuts and returns what came out before the end, the fault or the last byte.
func decodeIn(b []byte, cuts ...int) (body []byte, used int, done bool, err error) {
	var c Chunks
	for _, end := range append(cuts, len(b)) {
		for used < end && !c.Done() {
			data, n, err := c.Next(b[used:end])
			body, used = append(body, data...), used+n
			if err != nil {
				return body, used, false, err
			}
			if n == 0 {
				return body, used, false, errors.New("no progress and no error")
			}
		}
	}
	return body, used, c.Done(), nil
}

func TestChunks(t *testing.T) {
	for name, test := range map[string]struct{ in, body string }{
		"empty":              {"0\r\n\r\n", ""},
		"one":                {"1\r\nZ\r\n0\r\n\r\n", "Z"},
		"cases and zeros":    {"0a\r\n0123456789\r\n0A\r\nabcdefghij\r\n000\r\n\r\n", "0123456789abcdefghij"},
		"sixteen digits":     {"0000000000000001\r\nZ\r\n0000000000000000\r\n\r\n", "Z"},
		"looks like a chunk": {"9\r\n\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n\r\n"},
		"extensions":         {"1;name=\"v\"\r\nZ\r\n1;a;b=c; d = e ;f=\"\\\"\t;,\\\\\"\r\nY\r\n0;last\r\n\r\n", "ZY"},
		"blanks in them":     {"1;a ; b\t= \"c\" ;d\r\nZ\r\n0\r\n\r\n", "Z"},
		"trailer":            {"1\r\nZ\r\n0\r\nX-Sum: 1\r\nEmpty:\r\nContent-Length: 99\r\n\r\n", "Z"},
		"trailer bytes":      {"0\r\n!x~: \t\x80\xff\"\\;=:\r\n\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := []byte(test.in + "GET /next")
			body, used, done, err := decodeIn(in)
			if string(body) != test.body || used != len(test.in) || !done || err != nil {
				t.Fatalf("body %q, used %d of %d, done %v, error %v", body, used, len(test.in), done, err)
			}
			checkCuts(t, in)
			for n := range test.in {
				if _, used, done, err := decodeIn(in[:n]); done || used != n || err != nil {
					t.Errorf("first %d bytes: used %d, done %v, error %v; want: more", n, used, done, err)
				}
			}
		})
	}
}

// checkCuts decodes in one piece, byte by byte, and in two pieces cut everywhere (a long body: at about 200 places): always the same.
func checkCuts(t *testing.T, in []byte) {
	t.Helper()
	body, used, done, err := decodeIn(in)
	check := func(cuts ...int) {
		t.Helper()
		body2, used2, done2, err2 := decodeIn(in, cuts...)
		if !bytes.Equal(body, body2) || used != used2 || done != done2 || !sameFault(err, err2) {
			t.Fatalf("%q cut at %d: %q, %d, %v, %v; uncut %q, %d, %v, %v", in, cuts, body2, used2, done2, err2, body, used, done, err)
		}
	}
	every := make([]int, len(in))
	for i := range in {
		every[i] = i + 1
		if i%(1+len(in)/200) == 0 {
			check(i)
		}
	}
	check(every...)
}

func TestChunkFaults(t *testing.T) {
	for _, test := range []struct {
		in   string // refused at its last byte
		kind Kind
	}{
		{"\r", Bad}, {"\n", Bad}, {"+", Bad}, {"-", Bad}, {" ", Bad}, {";", Bad}, {"g", Bad}, {"0x", Bad}, {"1 ", Bad}, {"1_", Bad}, {"1t", Bad}, {"1\n", Bad}, {"1\rZ", Bad},
		{"8000000000000000", Bad}, {"ffffffffffffffff", Bad}, {"00000000000000001", Bad}, {"10000000000000001", Bad},
		{"1\r\nZZ", Bad}, {"1\r\nZ\n", Bad}, {"1\r\nZ\rX", Bad}, {"1\r\nZ\r\n\r", Bad}, {"0\n", Bad}, {"0\r\n\n", Bad}, {"0\r\n\rX", Bad}, {"0\r\n ", Bad}, {"0\r\n:", Bad},
		{"1;\r", Bad}, {"1;a\n", Bad}, {"1;a=\r", Bad}, {"1;a=\"\r", Bad}, {"1;a=\"\\\r", Bad}, {"1;a b", Bad}, {"1;a=\"\"b", Bad}, {"1;\x80", Bad}, {"1;a=\"\x00", Bad},
		{"0\r\nA ", Bad}, {"0\r\nA\r", Bad}, {"0\r\nA: \x00", Bad}, {"0\r\nA: b\n", Bad}, {"0\r\nA: b\rX", Bad}, {"0\r\nA: b\r ", Bad}, {"0\r\nA: b\r\n ", Bad}, {"0\r\nA: b\r\n\n", Bad},
	} {
		for _, tail := range []string{"", "\r\n\r\n", "0"} {
			_, used, done, err := decodeIn([]byte(test.in + tail))
			fault, ok := errors.AsType[*Error](err)
			if !ok || done || fault.Kind != test.kind || used != len(test.in)-1 || fault.Offset != used || fault.Text == "" {
				t.Errorf("%q: used %d, done %v, error %v", test.in+tail, used, done, err)
			}
		}
		if _, used, done, err := decodeIn([]byte(test.in[:len(test.in)-1])); err != nil || done || used != len(test.in)-1 {
			t.Errorf("%q: error %v before the fault was there", test.in, err)
		}
		checkCuts(t, []byte(test.in))
	}
}

// A fault stays, and so does the end.
func TestChunksStick(t *testing.T) {
	var c Chunks
	_, _, first := c.Next([]byte("x"))
	data, n, again := c.Next([]byte("1\r\nZ\r\n0\r\n\r\n"))
	if first == nil || !errors.Is(again, first) || n != 0 || data != nil || c.Done() {
		t.Errorf("after a fault: %q, %d, error %v", data, n, again)
	}
	c = Chunks{}
	if _, n, err := c.Next([]byte(LastChunk + LastChunk)); n != len(LastChunk) || err != nil || !c.Done() {
		t.Fatalf("used %d, error %v", n, err)
	}
	if data, n, err := c.Next([]byte(LastChunk)); data != nil || n != 0 || err != nil {
		t.Errorf("after the end: %q, %d, error %v", data, n, err)
	}
}

func TestChunkLimits(t *testing.T) {
	ext := func(n int) string { return ";" + strings.Repeat("a", n-1) }
	trailer := func(more int) string { // its line feeds do not count
		return strings.Repeat("A: "+strings.Repeat("b", 1020)+"\r\n", maxTrailer/1024-1) + "A: " + strings.Repeat("b", 1020+more) + "\r\n"
	}
	one := func(ext string) string { return "1" + ext + "\r\nZ\r\n" }
	for _, test := range []struct {
		name, in string
		good     bool
	}{
		{"longest extensions of a line", one(ext(maxLineExt)), true},
		{"one byte more", one(ext(maxLineExt + 1)), false},
		{"longest extensions of a body", strings.Repeat(one(ext(maxLineExt)), maxExt/maxLineExt), true},
		{"one byte more in all", strings.Repeat(one(ext(maxLineExt)), maxExt/maxLineExt) + one(ext(2)), false},
		{"small chunks without them", strings.Repeat(one(""), 100_000), true},
		{"extension of the last chunk", "0" + ext(maxLineExt+1) + "\r\n\r\n", false},
		{"longest trailer", "0\r\n" + trailer(0) + "\r\n", true},
		{"one byte more in it", "0\r\n" + trailer(1) + "\r\n", false},
	} {
		_, used, _, err := decodeIn([]byte(test.in))
		if fault, ok := errors.AsType[*Error](err); test.good != (err == nil) || ok && fault.Kind != TooLarge || test.good && used != len(test.in) {
			t.Errorf("%s: used %d of %d, error %v", test.name, used, len(test.in), err)
		}
	}
	var c Chunks
	if _, n, err := c.Next([]byte("7fffffffffffffff\r\nZ")); err != nil || n != 19 || c.left != 1<<63-2 {
		t.Errorf("the largest chunk: used %d, left %d, error %v", n, c.left, err)
	}
}

// Data is not copied.
func TestChunksAlias(t *testing.T) {
	b := []byte("5\r\nhello\r\n")
	var c Chunks
	data, n, err := c.Next(b)
	if err != nil || n != 8 || &data[0] != &b[3] || len(data) != 5 {
		t.Errorf("data %q, used %d, error %v", data, n, err)
	}
}

// The table is whole: every state is reached from the first one and leads to the last one, has a text for its fault, and no state but
// the end and data is without a way.
func TestChunkTable(t *testing.T) {
	reach := func(from chunkState, back bool) map[chunkState]bool {
		seen, queue := map[chunkState]bool{from: true}, []chunkState{from}
		ways := append([]way{{chunkData, nil, chunkDataCR}, {chunkData, nil, chunkTrailer}}, chunkWays...) // the two steps in code
		for len(queue) > 0 {
			at := queue[0]
			queue = queue[1:]
			for _, w := range ways {
				a, b := w.from, w.to
				if back {
					a, b = b, a
				}
				if a == at && !seen[b] {
					seen[b] = true
					queue = append(queue, b)
				}
			}
		}
		return seen
	}
	forth, back := reach(chunkSize0, false), reach(chunkDone, true)
	for s := range chunkState(chunkStates) {
		if !forth[s] || !back[s] {
			t.Errorf("state %d: reached %v, leads to the end %v", s, forth[s], back[s])
		}
		if chunkFaults[s] == "" {
			t.Errorf("state %d has no text", s)
		}
	}
	seen := map[string]bool{}
	for _, w := range chunkWays {
		for _, c := range w.classes {
			if key := fmt.Sprint(w.from, c); seen[key] {
				t.Errorf("state %d, class %d: two ways", w.from, c)
			} else {
				seen[key] = true
			}
		}
	}
}

func TestHexValue(t *testing.T) {
	for i, b := range []byte("0123456789abcdef") {
		if hexValue(b) != byte(i) || hexValue(bytes.ToUpper([]byte{b})[0]) != byte(i) {
			t.Errorf("%c is %d", b, hexValue(b))
		}
	}
}
