package limits

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// fan serves one and gives its address.
func fan(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	f := new(Fan)
	go accept(l, func(c *net.TCPConn) {
		_ = f.serve(c) // the test sees what it does
		c.Close()
	})
	return l.Addr().String()
}

func dial(t *testing.T, addr, path string) *websocket.Conn {
	t.Helper()
	d := &websocket.Dialer{WriteBufferSize: 64<<10 + 14} // a message is a frame
	c, res, err := d.Dial("ws://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	t.Cleanup(func() { c.Close() })
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// seen asks for the counts of a relay until enough says that they are what is waited for.
func seen(t *testing.T, addr, relay string, enough func(map[string]Seen) bool) map[string]Seen {
	t.Helper()
	var counts map[string]Seen
	for range 1000 {
		res, err := http.Get("http://" + addr + "/counts/" + relay)
		if err != nil {
			t.Fatal(err)
		}
		counts = nil
		err = json.NewDecoder(res.Body).Decode(&counts)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if enough(counts) {
			return counts
		}
	}
	t.Fatalf("the counts stay %v", counts)
	return nil
}

// TestFan: what goes to all reaches every listener in order, text or binary, of every length of head; what goes to one goes around.
func TestFan(t *testing.T) {
	addr := fan(t)
	var ears, lone []*websocket.Conn // of messages to all, and to one
	for i := range 3 {
		ears = append(ears, dial(t, addr, fmt.Sprintf("/all/ear-%d", i)))
		lone = append(lone, dial(t, addr, fmt.Sprintf("/one/ear-%d", i)))
	}
	sizes := []int{0, 1, 125, 126, 65535}
	all := dial(t, addr, "/all")
	for i, n := range sizes {
		if err := all.WriteMessage(1+i%2, bytes.Repeat([]byte{byte('a' + i)}, n)); err != nil {
			t.Fatal(err)
		}
	}
	for _, ear := range ears {
		for i, n := range sizes {
			kind, b, err := ear.ReadMessage()
			if err != nil || kind != 1+i%2 || !bytes.Equal(b, bytes.Repeat([]byte{byte('a' + i)}, n)) {
				t.Errorf("message of %d: kind %d, %d bytes, %v", n, kind, len(b), err)
			}
		}
	}
	one := dial(t, addr, "/one")
	for i := range 6 {
		if err := one.WriteMessage(websocket.BinaryMessage, []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[byte]int{}
	for _, ear := range lone {
		for range 2 {
			_, b, err := ear.ReadMessage()
			if err != nil || len(b) != 1 {
				t.Fatalf("% x, %v", b, err)
			}
			got[b[0]]++
		}
	}
	if len(got) != 6 {
		t.Errorf("each of six was to come once: %v", got)
	}
	for relay, want := range map[string]int64{"all": int64(len(sizes)), "one": 2} {
		counts := seen(t, addr, relay, func(c map[string]Seen) bool { return c["ear-0"].Waiting+c["ear-1"].Waiting == 0 })
		if counts["ear-1"].Delivered != want || counts["ear-1"].Missed != 0 {
			t.Errorf("%s: %v", relay, counts)
		}
	}
	ears[0].Close()
	seen(t, addr, "all", func(c map[string]Seen) bool { return len(c) == 2 })
}

// TestFanMisses: a listener that does not read misses what its queue has no room for, and others do not.
func TestFanMisses(t *testing.T) {
	addr := fan(t)
	dial(t, addr, "/all/slow")
	quick := dial(t, addr, "/all/quick")
	all := dial(t, addr, "/all")
	message := make([]byte, 60000)
	sent := int64(0)
	for missed := false; !missed; sent++ {
		if err := all.WriteMessage(websocket.BinaryMessage, message); err != nil {
			t.Fatal(err)
		}
		if _, _, err := quick.ReadMessage(); err != nil {
			t.Fatal(err)
		}
		missed = seen(t, addr, "all", func(c map[string]Seen) bool {
			return c["slow"].Delivered+c["slow"].Waiting+c["slow"].Missed == sent+1
		})["slow"].Missed > 0
		if sent > 2000 {
			t.Fatal("nothing is missed")
		}
	}
	counts := seen(t, addr, "all", func(c map[string]Seen) bool { return c["quick"].Waiting == 0 })
	if counts["quick"].Delivered != sent || counts["quick"].Missed != 0 || counts["slow"].Waiting < fanDepth {
		t.Errorf("%v of %d", counts, sent)
	}
}

// TestReframe takes whole messages of clients and nothing else.
func TestReframe(t *testing.T) {
	for name, b := range map[string][]byte{
		"a Close":         masked(8, []byte{3, 232}),
		"a ping":          masked(9, nil),
		"bare":            {0x82, 6, 1, 2, 3, 4, 5, 6},
		"a fragment":      append([]byte{0x02}, masked(2, []byte("xyz"))[1:]...),
		"a continuation":  masked(0, []byte("xyz")),
		"too long a one":  masked(2, make([]byte, 1<<16)),
		"half a head":     masked(2, []byte("xyz"))[:4],
		"half of another": masked(2, make([]byte, 300))[:7],
		"half a payload":  masked(2, []byte("xyz"))[:7],
	} {
		if frame, err := reframe(bufio.NewReader(bytes.NewReader(b))); err == nil {
			t.Errorf("%s: % x", name, frame)
		}
	}
	br := bufio.NewReader(bytes.NewReader(append(masked(1, []byte("one")), masked(2, make([]byte, 200))...)))
	first, err := reframe(br)
	if second, err2 := reframe(br); err != nil || err2 != nil || string(first) != "\x81\x03one" || !bytes.Equal(second, append([]byte{0x82, 126, 0, 200}, make([]byte, 200)...)) {
		t.Errorf("% x, %v; % x, %v", first, err, second, err2)
	}
}
