package meshtest

import (
	"fmt"

	"github.com/causeway-relay/causeway/gateway/mesh"
)

// faultRows: what is announced, while messages are late, lost or turned round.
var faultRows = []row{
	{"a late node holds nobody up twice", rowLate},
	{"a gap in the sequence is closed", rowGap},
	{"the last announcement is not lost", rowTail},
	{"a lost release is noticed", rowGhost},
	{"announcements out of order", rowSwapped},
	{"a lost acknowledgement is repeated", rowLostAck},
}

func rowLate(s *scene) {
	b, v := s.three()
	name := 0
	held := func() mesh.Holding {
		name++
		return holding(fmt.Sprint("x", name))
	}
	s.Keep(3, 1, "ack")
	d := took(func() { s.hold(b[1], held()) })
	if d < s.timing.Late {
		s.Errorf("Hold waited %v for a late node, want %v", d, s.timing.Late)
	}
	s.within(d, s.timing.Late*3/2, "a Hold beside a late node")
	d = took(func() {
		for range 5 {
			s.hold(b[1], held())
		}
	})
	s.within(d, s.timing.Late/2, "five Holds beside a node that was marked late")
	if !v[2].has(1, holding("x6")) {
		s.Errorf("with a late node, Hold returned before the others had applied it")
	}
	// Caught up, it counts again. When it has caught up cannot be seen from outside: try until it is waited for.
	for range 20 {
		s.Mend(3, 1, "ack")
		s.hold(b[1], held())
		v[3].until("everything", func() bool { return v[3].count(1) == name })
		s.Keep(3, 1, "ack")
		if took(func() { s.hold(b[1], held()) }) >= s.timing.Late {
			return
		}
	}
	s.Errorf("a node that caught up is not waited for any more")
}

func rowGap(s *scene) {
	b, v := s.three()
	for i := range 5 {
		first, second := holding(fmt.Sprint("first", i)), holding(fmt.Sprint("second", i))
		s.Lose(1, 3, "announce", 1)
		done := make(chan error, 1)
		go func() {
			_, err := b[1].Hold(s.ctx, first)
			done <- err
		}()
		v[2].until(first.ID, func() bool { return v[2].has(1, first) })
		s.hold(b[1], second)
		if err := await(s, done, "the hold that was lost on its way"); err != nil {
			s.Fatalf("hold: %v", err)
		}
		if !v[3].has(1, first) || !v[3].has(1, second) {
			s.Errorf("after a gap, node 3 knows the first: %v, the second: %v", v[3].has(1, first), v[3].has(1, second))
		}
		s.Mend(1, 3, "announce")
	}
	v[3].mu.Lock()
	defer v[3].mu.Unlock()
	if v[3].added != 10 {
		s.Errorf("node 3 saw %d holdings added, want each of 10 once", v[3].added)
	}
}

func rowTail(s *scene) {
	b, v := s.three()
	s.Lose(1, 3, "announce", 1)
	d := took(func() { s.hold(b[1], holding("x")) })
	if !v[3].has(1, holding("x")) {
		s.Errorf("Hold returned after %v and node 3 does not know of it", d)
	}
	s.within(d, s.timing.Late/2, "a Hold whose announcement was lost once")
}

func rowGhost(s *scene) {
	b, v := s.three()
	release := s.hold(b[1], holding("x"))
	s.Lose(1, 3, "announce", 1)
	release()
	v[3].until("the release", func() bool { return v[3].count(1) == 0 })
}

func rowSwapped(s *scene) {
	b, v := s.three()
	s.Swap(1, 3, "announce")
	for i := range 9 {
		h := holding(fmt.Sprint("x", i))
		s.hold(b[1], h)
		if !v[3].has(1, h) {
			s.Errorf("Hold of %s returned before node 3 had applied it", h.ID)
		}
	}
	s.Mend(1, 3, "announce")
	s.hold(b[1], holding("last"))
	if v[3].count(1) != 10 {
		s.Errorf("node 3 knows %d holdings, want 10", v[3].count(1))
	}
}

func rowLostAck(s *scene) {
	b, v := s.three()
	s.Lose(3, 1, "ack", 1)
	d := took(func() { s.hold(b[1], holding("x")) })
	s.within(d, s.timing.Late/2, "a Hold whose acknowledgement was lost once")
	if !v[3].has(1, holding("x")) {
		s.Errorf("node 3 does not know of it")
	}
}
