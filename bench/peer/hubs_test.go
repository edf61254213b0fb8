package peer

import (
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// TestHubs: what is not there is absent and says why; what is, is for the cells of events to many, and stands as a rival.
func TestHubs(t *testing.T) {
	t.Setenv("BENCH_CENTRIFUGO", "")
	for _, p := range hubs() {
		if p.Name == "centrifugo" && !strings.HasPrefix(p.Absent, "BENCH_CENTRIFUGO ") || !p.Rival || !p.Default || p.Kind != Other {
			t.Errorf("%+v", p)
		}
		for cell, want := range map[string]bool{
			"cast_event_1000": true, "cast_paced_5000": true, "cast_listeners": true,
			"cast_event_100": false, "cast_flood_100": false, "cast_oneway_1": false, "echo_1": false, "idle": false,
		} {
			if p.Fit(cell) != want {
				t.Errorf("%s, %s: %t", p.Name, cell, !want)
			}
		}
	}
	t.Setenv("BENCH_CENTRIFUGO", script(t, t.TempDir(), "centrifugo", `[ "$1" = version ] && echo Centrifugo v1.2.3`))
	if p := hubs()[0]; p.Absent != "" || !strings.HasSuffix(p.Note, "; version v1.2.3") {
		t.Errorf("%+v", p)
	}
}

// TestDoors: a sender's messages leave as they are, and a listener gets them as they come, text or not.
func TestDoors(t *testing.T) {
	paths := make(chan string, 2)
	address := answers(func(t *testing.T, c *websocket.Conn) {
		for {
			kind, b, err := c.ReadMessage()
			if err != nil {
				return
			}
			if err := c.WriteMessage(3-kind, b); err != nil { // text as binary, and binary as text
				t.Error(err)
			}
		}
	}).serve(t)
	addr := strings.TrimPrefix(address, "ws://")
	c, err := sending(addr, "/all")()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got := make([]byte, 3)
	if _, err := c.Write([]byte("abc")); err != nil {
		t.Error(err)
	}
	if n, err := c.Read(got); err != nil || string(got[:n]) != "abc" {
		t.Errorf("%q, %v", got, err)
	}
	heard := make(chan string)
	address = answers(func(t *testing.T, c *websocket.Conn) {
		says(t, c, "a message")
		if err := c.WriteMessage(websocket.BinaryMessage, []byte{0, 1}); err != nil {
			t.Error(err)
		}
		_, _, _ = c.ReadMessage() // until the listener goes
	}).serve(t)
	l, err := listening(strings.TrimPrefix(address, "ws://"), func(name string) string { paths <- name; return "/" + name })("me", func(m []byte) { heard <- string(m) })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a message", "\x00\x01"} {
		if m := <-heard; m != want {
			t.Errorf("%q, want %q", m, want)
		}
	}
	if name := <-paths; name != "me" {
		t.Errorf("the path is %q's", name)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := listening("127.0.0.1:1", func(string) string { return "/" })("", nil); err == nil {
		t.Error("nobody was there")
	}
	if c, err := sending("127.0.0.1:1", "/")(); err == nil || c != nil {
		t.Errorf("nobody was there: %v", c)
	}
}
