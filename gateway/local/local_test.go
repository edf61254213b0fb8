package local_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/local"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/shape"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestMesh: two nodes see each other, and what one dials arrives at the other with its preface and replay.
func TestMesh(t *testing.T) {
	m := local.New()
	one, first, err := m.Join(mesh.Node{Num: 1})
	if err != nil {
		t.Fatal(err)
	}
	two, second, err := m.Join(mesh.Node{Num: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, c := range []io.Closer{first, second, one, two} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}()
	if len(one.Nodes()) != 2 || len(two.Nodes()) != 2 {
		t.Errorf("node 1 sees %d nodes, node 2 %d", len(one.Nodes()), len(two.Nodes()))
	}
	second.Serve(func(c net.Conn, p shape.Preface) {
		defer c.Close()
		b := make([]byte, len("heads and tail"))
		if _, err := io.ReadFull(c, b); err != nil || string(b) != "heads and tail" || p.Door != "https" {
			t.Errorf("%q at %s, %v", b, p.Door, err)
		}
		if _, err := io.WriteString(c, "back"); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, err := first.Dial(ctx, 2, shape.Preface{Door: "https", Host: "h", Replay: []byte("heads")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, " and tail"); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(c); err != nil || string(b) != "back" {
		t.Errorf("%q came back, %v", b, err)
	}
}

// TestTaken: a number is used by one node at a time; whoever comes second leaves nothing behind.
func TestTaken(t *testing.T) {
	m := local.New()
	bus, link, err := m.Join(mesh.Node{Num: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.Join(mesh.Node{Num: 1}); err == nil {
		t.Error("two nodes have one number")
	}
	// The first one's link still works: the second has not taken its place.
	link.Serve(func(c net.Conn, _ shape.Preface) { c.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	two, other, err := m.Join(mesh.Node{Num: 2})
	if err != nil {
		t.Fatal(err)
	}
	c, err := other.Dial(ctx, 1, shape.Preface{Door: "https", Host: "h"})
	if err != nil {
		t.Errorf("node 1 is not reached any more: %v", err)
	} else {
		_, _ = io.ReadAll(c) // until node 1 closes
		c.Close()
	}
	for _, c := range []io.Closer{link, other, bus, two} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
