package nodes_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/mesh/link"
	"github.com/causeway-relay/causeway/gateway/mesh/memory"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/tap"
	"github.com/causeway-relay/causeway/gateway/tap/nodes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var line1 = entity.Address{Path: "plant/line1"}

// node is one of a mesh, with a board that traffic is told to.
type node struct {
	board tap.Board
	nodes *nodes.Nodes
	bus   mesh.Bus
	link  mesh.Link
}

// join makes one more node.
func join(t *testing.T, net0 *memory.Net, num mesh.Num) *node {
	t.Helper()
	n := new(node)
	var err error
	if n.bus, err = net0.Join(t.Context(), mesh.Node{Num: num}); err != nil {
		t.Fatal(err)
	}
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n.link, err = net0.Link(num, link.Params{Listener: door, Dial: func(ctx context.Context, addr string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", addr)
	}})
	if err != nil {
		t.Fatal(err)
	}
	n.nodes = nodes.New(nodes.Params{Here: n.board.Watch, Bus: n.bus, Link: n.link})
	n.link.Serve(func(c net.Conn, p shape.Preface) {
		if p.Door != nodes.Door {
			t.Errorf("door %s", p.Door)
		}
		n.nodes.Serve(c)
	})
	t.Cleanup(n.leave)
	return n
}

// leave takes the node off the mesh, in order.
func (n *node) leave() {
	n.board.Close()
	_ = n.link.Close()
	_ = n.bus.Close()
}

// says makes the node carry something. It waits for somebody who looks there.
func (n *node) says(t *testing.T, w *nodes.Watch, text string) *tap.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond) // of asking whether the other node looks already
	defer tick.Stop()
	for {
		if g := n.board.Of(line1); g != nil {
			g.End(&tap.Subject{Tracking: text, Entity: "plant/Line1", Node: 7}, "PeerClosed", text, 1, 2)
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("nobody looks at the node")
		}
	}
	for {
		r, err := w.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if r.Event != tap.Notice {
			return r
		}
	}
}

// TestAllNodes: one watch sees this node, the other ones, and those that come later; when it is closed nobody looks anywhere.
func TestAllNodes(t *testing.T) {
	net0 := memory.NewNet(mesh.Timing{})
	a, b := join(t, net0, 1), join(t, net0, 2)
	w, err := a.nodes.Watch(line1, tap.Options{Bytes: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c := join(t, net0, 3)
	for _, row := range []struct {
		node *node
		text string
	}{{a, "here"}, {b, "there"}, {c, "later"}, {b, "again"}} {
		if r := row.node.says(t, w, row.text); r.Tracking != row.text || r.Text != row.text || r.In != 1 || r.Out != 2 || r.Node != 7 || r.Time.IsZero() || r.Event != tap.End {
			t.Errorf("%s: %+v", row.text, r)
		}
	}
	w.Close()
	w.Close()
	gone := time.NewTicker(time.Millisecond)
	defer gone.Stop()
	for _, n := range []*node{a, b, c} {
		for n.board.Of(line1) != nil {
			select {
			case <-gone.C:
			case <-t.Context().Done():
				t.Fatal("somebody still looks")
			}
		}
	}
}

// TestNodeLost: the watcher is told that it does not see a node any more, and sees the rest.
func TestNodeLost(t *testing.T) {
	net0 := memory.NewNet(mesh.Timing{})
	a, b := join(t, net0, 1), join(t, net0, 2)
	w, err := a.nodes.Watch(line1, tap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	b.says(t, w, "there")
	b.leave()
	r, err := w.Next(t.Context())
	if err != nil || r.Event != tap.Notice || r.Node != 2 || !strings.Contains(r.Text, "node 2") {
		t.Errorf("%+v, %v", r, err)
	}
	a.says(t, w, "here")
}

// TestRefused: a node that cannot show any more says why.
func TestRefused(t *testing.T) {
	net0 := memory.NewNet(mesh.Timing{})
	a, b := join(t, net0, 1), join(t, net0, 2)
	b.board.Close()
	w, err := a.nodes.Watch(line1, tap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if r, err := w.Next(t.Context()); err != nil || r.Event != tap.Notice || r.Node != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	a.board.Close()
	if _, err := a.nodes.Watch(line1, tap.Options{}); !fail.Is(err, fail.Draining) {
		t.Errorf("%v", err)
	}
}

// TestAlone: without other nodes a watch is the node's own.
func TestAlone(t *testing.T) {
	bus, err := memory.NewNet(mesh.Timing{}).Join(t.Context(), mesh.Node{Num: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	n := &node{bus: bus}
	n.nodes = nodes.New(nodes.Params{Here: n.board.Watch, Bus: bus})
	w, err := n.nodes.Watch(line1, tap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n.says(t, w, "here")
	n.board.Close()
	if _, err := w.Next(t.Context()); !errors.Is(err, tap.ErrClosed) {
		t.Error(err)
	}
	w.Close()
}

// TestServeBad: what does not ask as a node does is hung up on, and nobody looks.
func TestServeBad(t *testing.T) {
	for _, first := range []string{"", "GET / HTTP/1.1\r\n", strings.Repeat("x", 8<<10), "{\n", "[]\n"} {
		bus, err := memory.NewNet(mesh.Timing{}).Join(t.Context(), mesh.Node{Num: 1})
		if err != nil {
			t.Fatal(err)
		}
		n := new(node)
		n.nodes = nodes.New(nodes.Params{Here: n.board.Watch, Bus: bus})
		here, there := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			n.nodes.Serve(there)
		}()
		_, _ = here.Write([]byte(first)) // it may be hung up on meanwhile
		_ = here.Close()
		<-done
		if n.board.Of(line1) != nil {
			t.Errorf("%.10q begins a watch", first)
		}
		_ = bus.Close()
	}
}

// FuzzRequest: no first line makes a node fall.
func FuzzRequest(f *testing.F) {
	good, _ := json.Marshal(map[string]any{"path": "plant/line1", "bytes": 10})
	f.Add(string(good))
	f.Add("{}")
	f.Add("\x00\xff")
	f.Fuzz(func(t *testing.T, line string) {
		bus, err := memory.NewNet(mesh.Timing{}).Join(context.Background(), mesh.Node{Num: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer bus.Close()
		n := new(node)
		n.nodes = nodes.New(nodes.Params{Here: n.board.Watch, Bus: bus})
		here, there := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			n.nodes.Serve(there)
		}()
		_, _ = here.Write([]byte(line + "\n"))
		_ = here.Close()
		<-done
	})
}
