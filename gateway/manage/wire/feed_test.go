package wire_test

import (
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// read takes in a stream.
func read(text string) (list []wire.Event, failure error) {
	var f wire.Feed
	for line := range strings.SplitSeq(text, "\n") {
		e, ok, err := f.Line(strings.TrimSuffix(line, "\r"))
		if err != nil {
			failure = err
		}
		if ok {
			list = append(list, e)
		}
	}
	return list, failure
}

func TestFeed(t *testing.T) {
	list, err := read(": hello\n\nid: 1-7\nevent: listener.deaf\ndata: {\"entity\":\"hyco\",\"duration\":\"26h0m1.5s\"}\nretry: 5\nnonsense\n\n" +
		"data:{\"event\":\"x\",\ndata: \"id\":\"no\"}\r\n\r\nevent: lost\n\nid: 9\ndata: {}\n\ndata: {\"half\"")
	if err != nil || len(list) != 3 {
		t.Fatalf("%d events, %v", len(list), err)
	}
	if e := list[0]; e.ID != "1-7" || e.Event != "listener.deaf" || e.Entity != "hyco" || e.Duration.String() != "26h0m1.5s" {
		t.Errorf("first %+v", e)
	}
	if e := list[1]; e.ID != "1-7" || e.Event != "x" {
		t.Errorf("second %+v", e)
	}
	if e := list[2]; e.ID != "9" || e.Event != "" {
		t.Errorf("third %+v", e)
	}
	for _, text := range []string{"data: nonsense\n\n", "data: {\"duration\":5}\n\n", strings.Repeat("data: "+strings.Repeat("x", 60_000)+"\n", 2)} {
		if _, err := read(text); err == nil {
			t.Errorf("%.20q is read", text)
		}
	}
}

func FuzzFeed(f *testing.F) {
	f.Add(": hello\n\nid: 1-7\nevent: listener.deaf\ndata: {\"entity\":\"hyco\",\"duration\":\"1s\"}\n\n")
	f.Add("data\ndata:\n\nid\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, _ := read(text)
		if len(list) > strings.Count(text, "data") {
			t.Errorf("%d events of %q", len(list), text)
		}
	})
}

// TestSeenFeed: what passes a relay, with bytes that are no text, and what is none of it.
func TestSeenFeed(t *testing.T) {
	var f wire.SeenFeed
	var list []wire.Seen
	for line := range strings.SplitSeq(": hello\n\nevent: data\ndata: {\"event\":\"data\",\"dir\":\"in\",\"data\":\"AP8=\",\"fields\":[[\"A\",\"b\"]]}\n\n", "\n") {
		s, ok, err := f.Line(line)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			list = append(list, s)
		}
	}
	if len(list) != 1 || string(list[0].Data) != "\x00\xff" || list[0].Dir != "in" || list[0].Fields[0] != [2]string{"A", "b"} {
		t.Errorf("%+v", list)
	}
	for _, text := range []string{"data: nonsense", "data: {\"data\":5}"} {
		var f wire.SeenFeed
		if _, _, err := f.Line(text); err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.Line(""); err == nil {
			t.Errorf("%q is read", text)
		}
	}
	if _, _, err := f.Line("data: " + strings.Repeat("x", wire.MaxSeen+1)); err == nil {
		t.Error("a line without end is read")
	}
}
