package meshtest

import (
	"context"
	"maps"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
)

// membershipRows: who lives.
var membershipRows = []row{
	{"every node knows every node", rowNodes},
	{"a new node is told what is held", rowNewNode},
	{"a dead node goes at once", rowKill},
	{"a node that leaves is gone", rowLeave},
	{"a restarted node is a new one", rowRestart},
	{"a partition parts and heals", rowPartition},
	{"a one-way loss heals", rowOneWay},
}

func rowNodes(s *scene) {
	b, _ := s.three()
	for _, bus := range b[1:] {
		nodes := bus.Nodes()
		if len(nodes) != 3 {
			s.Fatalf("node %d knows %d nodes, want 3", bus.Self().Num, len(nodes))
		}
		for i, node := range nodes {
			want := mesh.Num(i + 1)
			if node.Num != want || !maps.Equal(node.Doors, doorsOf(want)) || node.Since.IsZero() {
				s.Errorf("node %d: entry %d is %+v", bus.Self().Num, i, node)
			}
			if self := b[want].Self(); !self.Since.Equal(node.Since) {
				s.Errorf("node %d says that node %d is there since %v, it says %v", bus.Self().Num, want, node.Since, self.Since)
			}
		}
	}
	for _, n := range []mesh.Num{0, 2} {
		if again, err := s.Join(s.ctx, mesh.Node{Num: n}); err == nil {
			again.Close()
			s.Errorf("a node of number %d joined beside the three", n)
		}
	}
}

func rowNewNode(s *scene) {
	one, two := s.join(1), s.join(2)
	x, y := holding("x"), holding("y")
	s.hold(one, x)
	s.hold(two, y)
	gone := s.hold(two, holding("gone"))
	gone()
	three := s.join(3)
	v := s.watch(three)
	if !v.isLive(1) || !v.isLive(2) || !v.has(1, x) || !v.has(2, y) {
		s.Errorf("when Watch returned, node 3 did not know nodes and holdings that were there before it joined")
	}
	v.until("what was released go", func() bool { return v.count(2) == 1 })
}

func rowKill(s *scene) {
	b, v := s.three()
	s.hold(b[3], holding("x"))
	v[1].until("x", func() bool { return v[1].has(3, holding("x")) })
	d := took(func() {
		s.Kill(3)
		for _, view := range v[1:3] {
			view.until("node 3 go", func() bool { return !view.isLive(3) })
		}
	})
	s.within(d, s.timing.Dead/2, "the going of a node that is dead for certain")
	if n := len(b[1].Nodes()); n != 2 {
		s.Errorf("node 1 knows %d nodes after one of three died", n)
	}
	s.within(took(func() { s.hold(b[1], holding("y")) }), s.timing.Late/2, "a Hold beside a dead node")
}

func rowLeave(s *scene) {
	b, v := s.three()
	release := s.hold(b[3], holding("x"))
	running := make(chan error, 1)
	entered := make(chan struct{})
	b[2].Handle("wait", func(ctx context.Context, _ mesh.Num, _ []byte) ([]byte, error) {
		close(entered)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	go func() {
		_, err := b[3].Ask(s.ctx, 2, "wait", nil)
		running <- err
	}()
	await(s, entered, "the handler")
	if err := b[3].Close(); err != nil {
		s.Errorf("close: %v", err)
	}
	if err := await(s, running, "the end of an ask of a node that left"); err == nil {
		s.Errorf("an ask of a node that left was answered")
	}
	for _, view := range v[1:3] {
		view.until("node 3 leave", func() bool { return !view.isLive(3) })
	}
	release() // harmless
	_, err := b[3].Hold(s.ctx, holding("y"))
	s.wants(err, fail.Draining, "hold after close")
	_, err = b[3].Ask(s.ctx, 1, "q", nil)
	s.wants(err, fail.Draining, "ask after close")
	s.wants(b[3].Tell(s.ctx, 1, "q", nil), fail.Draining, "tell after close")
	b[3].Watch(func(c mesh.Change) { s.Errorf("a change after close: %+v", c) })()
}

func rowRestart(s *scene) {
	b, v := s.three()
	s.hold(b[3], holding("old"))
	s.Kill(3)
	again := s.join(3)
	s.hold(again, holding("new"))
	for _, view := range v[1:3] {
		view.until("the new process alone", func() bool {
			return view.cameUp(3) == 2 && view.has(3, holding("new")) && view.count(3) == 1
		})
	}
	again.Handle("q", func(context.Context, mesh.Num, []byte) ([]byte, error) { return []byte("new"), nil })
	if a, err := b[1].Ask(s.ctx, 3, "q", nil); err != nil || string(a) != "new" {
		s.Errorf("the new process answers %q, %v", a, err)
	}
}

func rowPartition(s *scene) {
	b, v := s.three()
	s.hold(b[1], holding("x"))
	s.hold(b[2], holding("y"))
	entered := make(chan struct{})
	b[2].Handle("wait", func(ctx context.Context, _ mesh.Num, _ []byte) ([]byte, error) {
		close(entered)
		<-ctx.Done() // at 2, node 1 is gone
		return nil, ctx.Err()
	})
	asked := make(chan error, 1)
	go func() {
		_, err := b[1].Ask(s.ctx, 2, "wait", nil)
		asked <- err
	}()
	await(s, entered, "the handler")
	d := took(func() {
		s.Partition(1, 2)
		v[1].until("node 2 go", func() bool { return !v[1].isLive(2) })
		v[2].until("node 1 go", func() bool { return !v[2].isLive(1) })
	})
	s.within(d, s.timing.Dead+4*s.timing.Beat, "the going of a silent node")
	s.wants(await(s, asked, "the end of the ask"), fail.NodeLost, "an ask across a partition")
	if !v[3].isLive(1) || !v[3].isLive(2) {
		s.Errorf("node 3 lost a node that it still reaches")
	}
	s.hold(b[1], holding("z"))
	s.Heal(1, 2)
	v[2].until("what node 1 holds again", func() bool {
		return v[2].has(1, holding("x")) && v[2].has(1, holding("z"))
	})
	v[1].until("what node 2 holds again", func() bool { return v[1].has(2, holding("y")) })
}

// rowOneWay: node 2 stops hearing node 1, which still hears it.
func rowOneWay(s *scene) {
	b, v := s.three()
	s.hold(b[1], holding("x"))
	entered := make(chan struct{})
	b[2].Handle("wait", func(ctx context.Context, _ mesh.Num, _ []byte) ([]byte, error) {
		close(entered)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	asked := make(chan error, 1)
	go func() {
		_, err := b[1].Ask(s.ctx, 2, "wait", nil)
		asked <- err
	}()
	await(s, entered, "the handler")
	s.Lose(1, 2, "", -1)
	v[2].until("node 1 go", func() bool { return !v[2].isLive(1) })
	s.Mend(1, 2, "")
	v[2].until("node 1 and what it holds again", func() bool { return v[2].has(1, holding("x")) })
	s.wants(await(s, asked, "the end of an ask that its node gave up"), fail.NodeLost, "an ask that its node gave up")
	s.hold(b[1], holding("y"))
	if !v[2].has(1, holding("y")) {
		s.Errorf("a holding was not applied when Hold returned")
	}
}
