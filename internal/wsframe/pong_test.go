package wsframe_test

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/causeway-relay/causeway/internal/wsframe"
)

// TestPongSlot: the newest ping is answered, once, with its own body.
func TestPongSlot(t *testing.T) {
	var p wsframe.PongSlot
	if body, owed := p.Take([]byte("x")); owed || p.Owed() || string(body) != "x" {
		t.Fatalf("an empty slot gave %q, %v", body, owed)
	}
	ping := []byte("a long body")
	p.Owe([]byte("first"))
	p.Owe(ping)
	ping[0] = '?' // the reader's buffer goes on to the next frame
	if !p.Owed() {
		t.Fatal("nothing is owed behind a ping")
	}
	if body, owed := p.Take([]byte("x")); !owed || string(body) != "xa long body" {
		t.Fatalf("Take gave %q, %v", body, owed)
	}
	if body, owed := p.Take(nil); owed || p.Owed() || body != nil {
		t.Fatalf("a slot that was emptied gave %q, %v", body, owed)
	}
	p.Owe(nil)
	if body, owed := p.Take(nil); !owed || len(body) != 0 {
		t.Fatalf("the pong of an empty ping: %q, %v", body, owed)
	}
}

// TestPongSlotTakenOnce: of many that would send a pong one does.
func TestPongSlotTakenOnce(t *testing.T) {
	want := bytes.Repeat([]byte{7}, wsframe.MaxControl)
	var p wsframe.PongSlot
	p.Owe(want)
	var taken atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			body, owed := p.Take(nil)
			if !owed {
				return
			}
			taken.Add(1)
			if !bytes.Equal(body, want) {
				t.Errorf("the body: %x", body)
			}
		})
	}
	all.Wait()
	if n := taken.Load(); n != 1 {
		t.Errorf("%d took the pong", n)
	}
}

// TestPongSlotAllocations: behind the first ping with a body nothing is allocated.
func TestPongSlotAllocations(t *testing.T) {
	var p wsframe.PongSlot
	ping, room := make([]byte, wsframe.MaxControl), make([]byte, 0, wsframe.MaxControl)
	p.Owe(ping)
	if n := testing.AllocsPerRun(100, func() {
		p.Owe(ping)
		room, _ = p.Take(room[:0])
	}); n != 0 {
		t.Errorf("%v allocations for a ping", n)
	}
}
