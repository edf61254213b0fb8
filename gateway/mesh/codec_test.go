package mesh

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// samples has at least one message of every class.
func samples() []*message {
	x := Holding{
		At: entity.Address{Namespace: "ns", Path: "plant/ü"}, Entity: entity.Address{Namespace: "ns", Path: "plant"}, ID: "0f-x", Channel: 1 << 60, Shapes: Stream | Cast, Weight: -1,
	}
	y := Holding{Channel: 1}
	all := []*message{
		{class: classHello, since: time.Unix(0, 1234567890123456789), doors: map[string]string{"https": "a:443", "http": "a:80"}, who: true, session: 3, seq: 9},
		{class: classHello, since: time.Unix(0, -1), doors: map[string]string{}},
		{class: classBye},
		{class: classAnnounce, seq: 7, removed: []Holding{y}, added: []Holding{x, y}},
		{class: classAnnounce, seq: 1},
		{class: classWant, id: 4, seq: 6},
		{class: classSnapshot, id: 4, seq: 7, part: 1, parts: 2, added: []Holding{x}},
		{class: classAck, seq: 1 << 63},
		{class: classAsk, id: 5, kind: "offer", body: []byte("body")},
		{class: classAnswer, id: 5, body: []byte("answer")},
		{class: classAnswer, id: 5, fault: &wireError{"Rejected", "offer", "plant", "0f-1", "no", "cause", 410}},
		{class: classCancel, id: 5},
		{class: classTell, session: 2, seq: 8, kind: "cast", body: []byte{0, 1, 2}},
		{class: classTaken, session: 2, seq: 8, done: 7, gap: true, kind: "cast"},
	}
	for i, m := range all {
		m.from, m.epoch, m.to = Num(i+1), uint64(i)<<40, uint64(i)
	}
	return all
}

var same = cmp.Options{
	cmp.AllowUnexported(message{}, wireError{}),
	cmp.Comparer(bytes.Equal), // an empty body is no body
}

func TestCodecRoundTrip(t *testing.T) {
	seen := map[class]bool{}
	for _, want := range samples() {
		b := want.append(nil)
		got, err := decode(b)
		if err != nil {
			t.Errorf("%s: %v", Class(b), err)
			continue
		}
		if diff := cmp.Diff(want, got, same); diff != "" {
			t.Errorf("%s: %s", Class(b), diff)
		}
		seen[want.class] = true
	}
	if len(seen) != len(classNames) {
		t.Errorf("%d of %d classes have a sample", len(seen), len(classNames))
	}
}

// TestCodecTruncation cuts every sample everywhere: nothing but a shorter body may be read from the rest.
func TestCodecTruncation(t *testing.T) {
	for _, m := range samples() {
		whole := m.append(nil)
		head := len(whole)
		if m.fault == nil {
			head -= len(m.body)
		}
		for n := range head {
			if _, err := decode(whole[:n]); !errors.Is(err, errMessage) {
				t.Errorf("%s cut after %d of %d bytes: %v", Class(whole), n, len(whole), err)
			}
		}
		if m.body == nil {
			if _, err := decode(append(whole, 0)); !errors.Is(err, errMessage) {
				t.Errorf("%s with a byte too many: %v", Class(whole), err)
			}
		}
	}
}

func TestCodecRefuses(t *testing.T) {
	good := func(m *message) []byte {
		m.from = 1
		return m.append(nil)
	}
	set := func(b []byte, at int, v byte) []byte {
		b[at] = v
		return b
	}
	announce := func(count uint64) []byte {
		b := good(&message{class: classAnnounce, seq: 1})
		return binary.AppendUvarint(b[:len(b)-2], count)
	}
	doors := map[string]string{}
	for i := range maxDoors + 1 {
		doors[strings.Repeat("d", i+1)] = "a"
	}
	h := Holding{ID: strings.Repeat("x", MaxID+1)}
	cases := map[string][]byte{
		"nothing":                 nil,
		"another version":         set(good(&message{class: classBye}), 0, 2),
		"an unknown class":        set(good(&message{class: classBye}), 1, byte(len(classNames))),
		"no node":                 set(set(good(&message{class: classBye}), 2, 0), 3, 0),
		"more holdings than room": announce(1 << 40),
		"the most holdings":       announce(1<<64 - 1),
		"too many doors":          good(&message{class: classHello, since: time.Unix(0, 0), doors: doors}),
		"a long id":               good(&message{class: classAnnounce, seq: 1, added: []Holding{h}}),
		"a text that is not UTF-8": good(&message{class: classAnnounce, seq: 1, added: []Holding{
			{ID: "\xff"},
		}}),
		"an entity inside a segment": good(&message{class: classAnnounce, seq: 1, added: []Holding{
			{At: entity.Address{Path: "plant"}, Entity: entity.Address{Path: "pla"}},
		}}),
		"an entity beyond the path": good(&message{class: classAnnounce, seq: 1, added: []Holding{
			{At: entity.Address{Path: "plant"}, Entity: entity.Address{Path: "plant/x"}},
		}}),
		"a long kind":              good(&message{class: classAsk, kind: strings.Repeat("k", maxKind+1)}),
		"a part beyond the parts":  good(&message{class: classSnapshot, part: 2, parts: 2}),
		"too many parts":           good(&message{class: classSnapshot, part: 0, parts: maxParts + 1}),
		"a long body":              good(&message{class: classAsk, kind: "k", body: make([]byte, MaxBody+1)}),
		"more than a message":      make([]byte, MaxMessage+1),
		"a number without an end":  append(good(&message{class: classAck})[:headerBytes], bytes.Repeat([]byte{0x80}, 11)...),
		"a truth of neither":       set(good(&message{class: classTaken, kind: ""}), headerBytes+3, 2),
		"the same door twice":      twice(good(&message{class: classHello, since: time.Unix(0, 0), doors: map[string]string{"a": "1", "b": "1"}})),
		"a door without its value": append(good(&message{class: classAck})[:headerBytes], 0, 1, 1),
	}
	for name, b := range cases {
		if m, err := decode(b); !errors.Is(err, errMessage) {
			t.Errorf("%s was read as %+v, %v", name, m, err)
		}
	}
}

// twice renames door b to a.
func twice(hello []byte) []byte {
	return bytes.Replace(hello, []byte("\x01b"), []byte("\x01a"), 1)
}

// TestCodecAllocation: a count in a short message does not make anybody allocate.
func TestCodecAllocation(t *testing.T) {
	b := (&message{class: classAnnounce, from: 1, seq: 1}).append(nil)
	b = binary.AppendUvarint(b[:len(b)-2], 1<<30)
	if n := testing.Benchmark(func(b2 *testing.B) {
		b2.ReportAllocs()
		for b2.Loop() {
			_, _ = decode(b)
		}
	}).AllocedBytesPerOp(); n > 4096 {
		t.Errorf("%d bytes were allocated for a lie of %d", n, len(b))
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range samples() {
		f.Add(m.append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decode(b)
		if err != nil {
			return
		}
		again, err := decode(m.append(nil))
		if err != nil {
			t.Fatalf("what was read cannot be written and read: %v", err)
		}
		// Not cmp: it throws dice inside, which the fuzzer takes for news.
		if !reflect.DeepEqual(m, again) {
			t.Fatalf("read %+v, wrote it and read %+v", m, again)
		}
	})
}

func TestWireErrorIsBounded(t *testing.T) {
	long := strings.Repeat("ä", maxText)
	f := newWireError(&fail.Error{Code: fail.Rejected, Text: long, Target: "\xff" + long, Status: -1, Cause: errors.New(long)}).fail()
	for _, s := range []string{f.Text, f.Target, f.Cause.Error()} {
		if len(s) > maxText || len(s) < maxText-4 || !validText(s) {
			t.Errorf("a text of %d bytes, at most %d are allowed", len(s), maxText)
		}
	}
	if f.Status != 0 {
		t.Errorf("status %d, want 0 for a negative one", f.Status)
	}
	if f := (&wireError{code: "Internal", status: 1 << 40}).fail(); f.Status > 999 {
		t.Errorf("status %d", f.Status)
	}
}
