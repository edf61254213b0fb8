package meshtest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
)

// tellRows: words without an answer.
var tellRows = []row{
	{"tells come in the order of sending, under load", rowTellOrder},
	{"tells survive loss and disorder", rowTellLoss},
	{"a slow node pushes back", rowTellSlow},
	{"a tell to a node that dies", rowTellDeath},
}

// ear counts numbered tells of one kind and finds every disorder.
type ear struct {
	s    *scene
	kind string

	mu    sync.Mutex
	next  map[mesh.Num]uint64
	busy  map[mesh.Num]bool
	total int
	want  int
	done  chan struct{} // closed at want
}

func (s *scene) listen(b mesh.Bus, kind string, want int) *ear {
	e := &ear{s: s, kind: kind, next: map[mesh.Num]uint64{}, busy: map[mesh.Num]bool{}, want: want, done: make(chan struct{})}
	b.Handle(kind, e.hear)
	return e
}

func (e *ear) hear(_ context.Context, from mesh.Num, b []byte) ([]byte, error) {
	e.begin(from)
	n := binary.BigEndian.Uint64(b)
	e.mu.Lock()
	defer e.mu.Unlock()
	if n != e.next[from] {
		e.s.Errorf("tell %d of node %d, kind %s, came where %d was due", n, from, e.kind, e.next[from])
	}
	e.next[from] = max(e.next[from], n+1)
	e.busy[from] = false
	if e.total++; e.total == e.want {
		close(e.done)
	}
	return nil, nil
}

func (e *ear) begin(from mesh.Num) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy[from] {
		e.s.Errorf("two tells of node %d, kind %s, ran side by side", from, e.kind)
	}
	e.busy[from] = true
}

func numbered(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }

func (s *scene) tellMany(b mesh.Bus, to mesh.Num, kind string, from, count int) {
	for i := from; i < from+count; i++ {
		if err := b.Tell(s.ctx, to, kind, numbered(i)); err != nil {
			s.Errorf("tell %d: %v", i, err)
			return
		}
	}
}

func rowTellOrder(s *scene) {
	b, v := s.three()
	const count = 1500
	ears := []*ear{s.listen(b[3], "a", 3*count), s.listen(b[3], "b", 3*count)}
	b[3].Handle("ask", func(_ context.Context, _ mesh.Num, q []byte) ([]byte, error) { return q, nil })
	var wg sync.WaitGroup
	for n := 1; n <= 3; n++ {
		for _, e := range ears {
			wg.Go(func() { s.tellMany(b[n], 3, e.kind, 0, count) })
		}
		wg.Go(func() { // the load beside it
			for i := range 50 {
				if _, err := b[n].Ask(s.ctx, 3, "ask", numbered(i)); err != nil {
					s.Errorf("ask under load: %v", err)
				}
				s.tryHold(b[n], holding(fmt.Sprintf("n%d-%d", n, i)))
			}
		})
	}
	wg.Wait()
	for _, e := range ears {
		await(s, e.done, "every tell")
	}
	v[3].until("every holding", func() bool { return v[3].count(1) == 50 && v[3].count(2) == 50 })
}

func rowTellLoss(s *scene) {
	b, _ := s.three()
	e := s.listen(b[2], "a", 1200)
	for i := range 4 {
		s.Lose(1, 2, "tell", 1+3*i)
		s.Lose(2, 1, "taken", i)
		s.tellMany(b[1], 2, "a", i*300, 100)
		s.Mend(1, 2, "tell")
		s.Swap(1, 2, "tell")
		s.tellMany(b[1], 2, "a", i*300+100, 100)
		s.Mend(1, 2, "tell")
		s.tellMany(b[1], 2, "a", i*300+200, 100)
		s.Mend(2, 1, "taken")
	}
	await(s, e.done, "every tell")
}

func rowTellSlow(s *scene) {
	b, _ := s.three()
	gate := make(chan struct{})
	heard := make(chan int, 1<<16)
	b[2].Handle("slow", func(ctx context.Context, _ mesh.Num, q []byte) ([]byte, error) {
		select {
		case <-gate:
		case <-ctx.Done(): // the row ended early
			return nil, ctx.Err()
		}
		heard <- int(binary.BigEndian.Uint64(q))
		return nil, nil
	})
	for _, from := range []int{1, 2} {
		sent, err := s.tellUntilFull(b[from])
		s.wants(err, fail.Overloaded, "a tell to a slow node")
		if !errors.Is(err, context.DeadlineExceeded) {
			s.Errorf("the error %v does not say that the context ended", err)
		}
		if sent == 0 || sent > 10_000 {
			s.Fatalf("%d tells were taken by a node that handles none", sent)
		}
		e := s.listen(b[2], "quick", 100)
		s.tellMany(b[from], 2, "quick", 0, 100) // other kinds go on
		await(s, e.done, "tells of another kind")
		for i := range sent {
			pass(s, gate)
			if n := await(s, heard, "a tell that was taken"); n != i {
				s.Fatalf("tell %d came where %d was due", n, i)
			}
		}
		if err := b[from].Tell(s.ctx, 2, "slow", numbered(sent)); err != nil {
			s.Errorf("a tell after the jam: %v", err)
		}
		pass(s, gate)
		if n := await(s, heard, "the tell after the jam"); n != sent {
			s.Errorf("tell %d came where %d was due: one that was refused?", n, sent)
		}
	}
}

// pass lets one tell through.
func pass(s *scene, gate chan<- struct{}) {
	s.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case gate <- struct{}{}:
	case <-timer.C:
		s.Fatalf("no handler waits for the next tell")
	}
}

// tellUntilFull tells until one waits for too long.
func (s *scene) tellUntilFull(b mesh.Bus) (sent int, err error) {
	for sent = range 1 << 16 {
		ctx, cancel := context.WithTimeout(s.ctx, 100*time.Millisecond)
		err = b.Tell(ctx, 2, "slow", numbered(sent))
		cancel()
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

func rowTellDeath(s *scene) {
	b, _ := s.three()
	b[2].Handle("slow", func(ctx context.Context, _ mesh.Num, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return nil, nil
	})
	_, err := s.tellUntilFull(b[1])
	s.wants(err, fail.Overloaded, "a tell to a slow node")
	waiting := make(chan error, 1)
	go func() { waiting <- b[1].Tell(s.ctx, 2, "slow", nil) }()
	d := took(func() {
		s.Kill(2)
		s.wants(await(s, waiting, "the tell that waits"), fail.NodeLost, "a tell whose node died")
	})
	s.within(d, s.timing.Dead/2, "the end of a tell to a node that died")
	s.wants(b[1].Tell(s.ctx, 2, "slow", nil), fail.NodeLost, "a tell to a dead node")
}
