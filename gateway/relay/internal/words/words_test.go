package words_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/relay/internal/words"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// hello is one with everything in it; its values are no UTF-8.
func hello() shape.Hello {
	return shape.Hello{
		Tracking: "t", At: entity.Address{Namespace: "n", Path: "a/b"}, Target: "/a/b?x=1", Host: "h:1", Door: "https", Offers: []string{"soap"},
		Fields: shape.Fields{{Name: "X", Value: "\xff\x00\""}, {Name: "x", Value: ""}}, Remote: netip.MustParseAddrPort("[::1]:9"),
	}
}

// TestHello: a sender is the same at the other node, but for where it arrived.
func TestHello(t *testing.T) {
	h := hello()
	word := words.HelloOf(&h, 7)
	var back words.Hello
	if err := words.Decode("kind", 7, words.Encode(&word), &back); err != nil {
		t.Fatal(err)
	}
	want := h
	want.Node = 7
	if diff := cmp.Diff(want, back.Shape(), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Error(diff)
	}
}

// TestWords: what is written is read; what is none is refused with the kind and the node that said it.
func TestWords(t *testing.T) {
	ticket := words.Ticket(shape.NewTicket(3))
	offer := words.OfferWord{Channel: 1 << 63, Ticket: ticket, Dial: map[string]string{"https": ":1"}, Deadline: time.Unix(1, 2).UTC()}
	var back words.OfferWord
	if err := words.Decode(words.Offer, 2, words.Encode(&offer), &back); err != nil || back.Ticket != ticket || back.Channel != offer.Channel || !back.Deadline.Equal(offer.Deadline) {
		t.Errorf("%+v, %v", back, err)
	}
	bad := []struct {
		body string
		to   any
	}{
		{"", new(words.OfferWord)},
		{"nonsense", new(words.DeclineWord)},
		{`{"ticket":"AAAA"}`, new(words.OfferWord)},
		{`{"ticket":7}`, new(words.OfferWord)},
		{`{"channel":-1}`, new(words.ChannelWord)},
		{`{"state":` + string(words.Encode(presence.Gone)) + `}`, new(words.MarkWord)},
		{`{"state":200}`, new(words.MarkWord)},
	}
	for _, row := range bad {
		err := words.Decode("the.kind", 9, []byte(row.body), row.to)
		if !fail.Is(err, fail.BadRequest) || !strings.Contains(err.Error(), "the.kind") || !strings.Contains(err.Error(), "node 9") {
			t.Errorf("%s: %v", row.body, err)
		}
	}
}

// TestCast: a message is the same at the other node, its payload byte for byte.
func TestCast(t *testing.T) {
	for _, size := range []int{0, 1, shape.MaxMessage} {
		m := &shape.Message{Hello: hello(), Type: "text/plain", Data: bytes.Repeat([]byte{0xfe}, size)}
		w := words.CastOf(m, 4, entity.Address{Namespace: "n", Path: "a"})
		w.All, w.Channel = true, 77
		w.Hint(route.Hints{Limited: true, Allowed: []route.GUID{{1}}, Disallowed: []route.GUID{{2}, {3}}})
		back, err := words.ParseCast(4, w.Append([]byte("before"))[len("before"):])
		if err != nil {
			t.Fatal(err)
		}
		got := back.Message()
		want := m.Hello
		want.Node = 4
		if diff := cmp.Diff(want, got.Hello, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
			t.Error(diff)
		}
		if got.Type != m.Type || !bytes.Equal(got.Data, m.Data) || !back.All || back.Channel != 77 || back.Entity.Place() != (entity.Address{Namespace: "n", Path: "a"}) {
			t.Errorf("%+v", back)
		}
		if h := back.Hints(); !h.Limited || len(h.Allowed) != 1 || len(h.Disallowed) != 2 || h.Disallowed[1] != (route.GUID{3}) {
			t.Errorf("hints %+v", h)
		}
	}
}

// TestCastCut: a word that is cut anywhere in its JSON is none.
func TestCastCut(t *testing.T) {
	m := &shape.Message{Hello: hello(), Data: []byte("xy")}
	b := words.CastOf(m, 1, m.At).Append(nil)
	for n := range len(b) - len(m.Data) {
		if w, err := words.ParseCast(1, b[:n]); !fail.Is(err, fail.BadRequest) {
			t.Fatalf("%d of %d bytes: %+v, %v", n, len(b), w, err)
		}
	}
	if _, err := words.ParseCast(1, append(b, make([]byte, shape.MaxMessage-1)...)); !fail.Is(err, fail.BadRequest) {
		t.Errorf("too long: %v", err)
	}
}

// FuzzCast: whatever a node says, a word that is read is written the same again.
func FuzzCast(f *testing.F) {
	m := &shape.Message{Hello: hello(), Type: "t", Data: []byte("data")}
	f.Add(words.CastOf(m, 1, m.At).Append(nil))
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\x00\x00\x00\x13{\"allowed\":[[1,2]]}"))
	f.Add([]byte("\xff\xff\xff\xff{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := words.ParseCast(mesh.Num(1), b)
		if err != nil {
			return
		}
		again, err := words.ParseCast(1, w.Append(nil))
		if err != nil {
			t.Fatalf("written anew: %v", err)
		}
		one, _ := json.Marshal(w)
		two, _ := json.Marshal(again)
		if !bytes.Equal(one, two) || !bytes.Equal(w.Data, again.Data) {
			t.Errorf("%s became %s", one, two)
		}
		w.Message()
		w.Hints()
	})
}
