package mesh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/fail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a Transport whose other end is the test.
type wire struct {
	r      Receiver
	refuse error // of Start

	mu   sync.Mutex
	full error // of Send
	sent []*message
}

func (w *wire) Start(r Receiver) error { w.r = r; return w.refuse }

func (w *wire) Send(to Num, b []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, err := decode(b)
	if err != nil {
		panic(err)
	}
	if m.class == classHello && to != 0 {
		m.kind = "direct" // a note for take
	}
	w.sent = append(w.sent, m)
	return w.full
}

func (w *wire) Close() error { return nil }

// take gives what was sent of a class since the last take of it.
func (w *wire) take(c class) (all []*message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = slices.DeleteFunc(w.sent, func(m *message) bool {
		if m.class == c {
			all = append(all, m)
		}
		return m.class == c
	})
	return all
}

// stage is a member alone with a made-up node 2.
type stage struct {
	*testing.T

	w *wire
	m *Member
}

const epoch2 = 1000

// play runs f in a bubble with a member 1.
func play(t *testing.T, f func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		m, err := Join(w, Params{Node: Node{Num: 1}})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		f(&stage{t, w, m})
	})
}

// says delivers a message of node 2.
func (s *stage) says(m *message) {
	s.Helper()
	if m.from == 0 {
		m.from = 2
	}
	if m.epoch == 0 {
		m.epoch = epoch2
	}
	if m.since.IsZero() {
		m.since = time.Unix(0, 0)
	}
	s.w.r.Receive(m.append(nil))
	synctest.Wait()
}

// pass lets fake time go by.
func pass(d time.Duration) { <-time.After(d) }

// meet makes node 2 live, with nothing held.
func (s *stage) meet() {
	s.Helper()
	s.says(&message{class: classHello, session: 1})
	s.answerWant(0)
}

func (s *stage) answerWant(seq uint64, held ...Holding) {
	s.Helper()
	wants := s.w.take(classWant)
	if len(wants) != 1 {
		s.Fatalf("%d wants, want one", len(wants))
	}
	s.says(&message{class: classSnapshot, id: wants[0].id, seq: seq, parts: 1, added: held})
}

func (s *stage) nodes() (all []Num) {
	for _, n := range s.m.Nodes() {
		all = append(all, n.Num)
	}
	return all
}

func (s *stage) acks(want ...uint64) {
	s.Helper()
	var got []uint64
	for _, m := range s.w.take(classAck) {
		got = append(got, m.seq)
	}
	if !slices.Equal(got, want) {
		s.Errorf("acknowledged %v, want %v", got, want)
	}
}

// held is what the member knows of node 2.
func (s *stage) held() (ids []string) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if p := s.m.peers[2]; p != nil {
		for k := range p.held {
			ids = append(ids, k.id)
		}
	}
	slices.Sort(ids)
	return ids
}

func named(ids ...string) (hs []Holding) {
	for _, id := range ids {
		hs = append(hs, Holding{ID: id})
	}
	return hs
}

func TestJoinRefuses(t *testing.T) {
	doors := map[string]string{}
	for i := range maxDoors + 1 {
		doors[fmt.Sprint(i)] = ""
	}
	for name, p := range map[string]Params{
		"no number":      {},
		"too many doors": {Node: Node{Num: 1, Doors: doors}},
		"a bad door":     {Node: Node{Num: 1, Doors: map[string]string{"https": "\xff"}}},
	} {
		if _, err := Join(&wire{}, p); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	broken := errors.New("no network")
	if _, err := Join(&wire{refuse: broken}, Params{Node: Node{Num: 1}}); !errors.Is(err, broken) {
		t.Errorf("a transport that does not start: %v", err)
	}
}

func TestStrangerIsAskedWhoHeIs(t *testing.T) {
	play(t, func(s *stage) {
		s.w.take(classHello)
		for range 10 {
			s.says(&message{class: classAnnounce, seq: 1})
		}
		hellos := s.w.take(classHello)
		if len(hellos) != 1 || !hellos[0].who {
			s.Fatalf("%d hellos for ten messages of a stranger, want one that asks", len(hellos))
		}
		s.says(&message{class: classBye})
		if n := len(s.w.take(classHello)); n != 0 {
			s.Errorf("a stranger who says bye was asked %d times", n)
		}
		s.meet()
		s.says(&message{class: classHello, who: true})
		answers := s.w.take(classHello)
		if last := answers[len(answers)-1]; last.session == 0 || last.who {
			s.Errorf("the answer to who is %+v", last)
		}
	})
}

func TestOldProcessesAreNotHeard(t *testing.T) {
	play(t, func(s *stage) {
		s.meet()
		s.says(&message{class: classHello, epoch: epoch2 - 1})
		s.says(&message{class: classBye, epoch: epoch2 - 1})
		if got := s.nodes(); !slices.Equal(got, []Num{1, 2}) {
			s.Fatalf("an old process ended the new one: %v", got)
		}
		s.says(&message{class: classBye})
		s.says(&message{class: classHello}) // was on its way
		if got := s.nodes(); !slices.Equal(got, []Num{1}) {
			s.Fatalf("a late hello brought a node back that had left: %v", got)
		}
		s.says(&message{class: classHello, epoch: epoch2 + 1})
		if got := s.nodes(); !slices.Equal(got, []Num{1, 2}) {
			s.Fatalf("a restarted node is not live: %v", got)
		}
		s.says(&message{class: classHello, from: 1, epoch: 1 << 62})
		s.says(&message{class: classAck, to: 77, seq: 0})
		s.w.r.Receive([]byte("noise"))
		s.w.r.Lost(3)
	})
}

func TestAnnouncementsInOrder(t *testing.T) {
	play(t, func(s *stage) {
		s.meet()
		s.acks(0)
		announce := func(seq uint64, ids ...string) {
			s.Helper()
			s.says(&message{class: classAnnounce, seq: seq, added: named(ids...)})
		}
		announce(1, "a")
		s.acks(1)
		announce(1, "a")
		s.acks(1) // twice: acknowledged again
		pass(shortly)
		announce(3, "c")
		announce(4, "d")
		s.acks()
		if got := s.held(); !slices.Equal(got, []string{"a"}) {
			s.Fatalf("held %v beyond a gap", got)
		}
		s.answerWant(4, named("b", "c", "d")...)
		s.acks(4)
		if got := s.held(); !slices.Equal(got, []string{"b", "c", "d"}) {
			s.Fatalf("held %v after the snapshot", got)
		}
		s.says(&message{class: classAnnounce, seq: 5, removed: named("b", "never"), added: named("e")})
		s.acks(5)
		if got := s.held(); !slices.Equal(got, []string{"c", "d", "e"}) {
			s.Fatalf("held %v after a release", got)
		}
		s.says(&message{class: classHello, session: 1, seq: 5})
		s.acks(5) // a hello to this node alone asks for it
		s.says(&message{class: classHello, seq: 5})
		s.acks()
	})
}

func TestSnapshotParts(t *testing.T) {
	play(t, func(s *stage) {
		s.says(&message{class: classHello, session: 1, seq: 9})
		id := s.w.take(classWant)[0].id
		part := func(id, part, parts uint64, ids ...string) {
			s.Helper()
			s.says(&message{class: classSnapshot, id: id, seq: 9, part: part, parts: parts, added: named(ids...)})
		}
		part(id+1, 0, 1, "of another want")
		part(id, 0, 3, "a")
		part(id, 0, 3, "a again")
		part(id, 0, 2, "of another cut")
		part(id, 2, 3, "c")
		s.acks()
		// The last part is late: it is not asked for again before it had time.
		s.says(&message{class: classHello, seq: 9})
		if n := len(s.w.take(classWant)); n != 0 {
			s.Fatalf("%d wants while parts arrive", n)
		}
		part(id, 1, 3)
		s.acks(9)
		if got := s.held(); !slices.Equal(got, []string{"a", "c"}) {
			s.Fatalf("held %v", got)
		}
		part(id, 1, 3, "too late")
		s.acks()
	})
}

func TestLostSnapshotIsWantedAgain(t *testing.T) {
	play(t, func(s *stage) {
		s.says(&message{class: classHello, session: 1, seq: 9})
		first := s.w.take(classWant)
		s.says(&message{class: classHello, seq: 9})
		if n := len(s.w.take(classWant)); n != 0 {
			s.Fatalf("asked again at once")
		}
		pass(shortly)
		s.says(&message{class: classHello, seq: 9})
		again := s.w.take(classWant)
		if len(again) != 1 || again[0].id == first[0].id {
			s.Fatalf("wants %+v, then %+v", first, again)
		}
		s.says(&message{class: classSnapshot, id: first[0].id, seq: 9, parts: 1, added: named("old")})
		s.says(&message{class: classSnapshot, id: again[0].id, seq: 9, parts: 1, added: named("new")})
		if got := s.held(); !slices.Equal(got, []string{"new"}) {
			s.Fatalf("held %v", got)
		}
	})
}

func TestHoldsAreGathered(t *testing.T) {
	play(t, func(s *stage) {
		s.meet()
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				if _, err := s.m.Hold(s.Context(), Holding{Channel: uint64(i)}); err != nil {
					s.Error(err)
				}
			})
		}
		pass(2 * time.Millisecond)
		synctest.Wait()
		announced := s.w.take(classAnnounce)
		if len(announced) != 1 || len(announced[0].added) != 100 {
			s.Fatalf("%d announcements for 100 holds at once", len(announced))
		}
		s.says(&message{class: classAck, seq: 99}) // nothing has that number: it counts for nothing
		s.says(&message{class: classAck, seq: 1})
		wg.Wait()
		start := time.Now()
		if _, err := s.m.Hold(s.Context(), Holding{ID: "x"}); err != nil {
			s.Error(err)
		}
		if d := time.Since(start); d < time.Second {
			s.Errorf("an acknowledgement from the future let Hold return after %v", d)
		}
	})
}

func TestWantTakesAcknowledgementsBack(t *testing.T) {
	play(t, func(s *stage) {
		s.meet()
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := s.m.Hold(s.Context(), Holding{ID: "x"}); err != nil {
				s.Error(err)
			}
		}()
		pass(2 * time.Millisecond)
		s.says(&message{class: classAck, seq: 1})
		<-done
		s.says(&message{class: classWant, id: 5, seq: 0})
		snap := s.w.take(classSnapshot)
		if last := snap[len(snap)-1]; last.id != 5 || last.seq != 1 || len(last.added) != 1 {
			s.Fatalf("snapshot %+v", last)
		}
		s.m.mu.Lock()
		defer s.m.mu.Unlock()
		if acked := s.m.peers[2].acked; acked != 0 {
			s.Errorf("acknowledged up to %d after the node forgot everything", acked)
		}
	})
}

// TestSlowWatcherIsBounded: while a watcher stands still, announcements wait up to a bound and are then as if lost; when
// it goes on, a snapshot brings what is missing.
func TestSlowWatcherIsBounded(t *testing.T) {
	play(t, func(s *stage) {
		s.meet()
		gate := make(chan struct{})
		seen := map[string]bool{}
		defer s.m.Watch(func(c Change) {
			if len(c.Added) > 0 {
				<-gate
			}
			for _, h := range c.Added {
				seen[h.ID] = true
			}
		})()
		s.acks(0)
		seq, ids := uint64(0), []string{}
		for range maxShown {
			seq++
			ids = append(ids, fmt.Sprint(seq))
			m := &message{class: classAnnounce, from: 2, epoch: epoch2, seq: seq, added: named(ids[len(ids)-1])}
			s.w.r.Receive(m.append(nil))
		}
		synctest.Wait()
		s.m.mu.Lock()
		applied := s.m.peers[2].applied
		s.m.mu.Unlock()
		if applied >= maxShown {
			s.Fatalf("%d announcements wait for a watcher that stands still", applied)
		}
		s.acks()
		close(gate)
		synctest.Wait()
		if n := len(s.w.take(classAck)); n != int(applied) {
			s.Errorf("%d acknowledgements for %d changes", n, applied)
		}
		pass(shortly)
		s.says(&message{class: classHello, seq: seq})
		s.answerWant(seq, named(ids...)...)
		s.acks(seq)
		if len(seen) != maxShown {
			s.Errorf("the watcher saw %d of %d", len(seen), maxShown)
		}
	})
}

func TestAskWithoutRoom(t *testing.T) {
	play(t, func(s *stage) {
		s.meet()
		s.w.mu.Lock()
		s.w.full = errors.New("no room")
		s.w.mu.Unlock()
		if _, err := s.m.Ask(s.Context(), 2, "q", nil); !fail.Is(err, fail.Overloaded) {
			s.Errorf("ask without room: %v", err)
		}
	})
}

func TestAnswersOfOthersAreIgnored(t *testing.T) {
	play(t, func(s *stage) {
		s.meet()
		s.says(&message{class: classHello, from: 3, session: 1})
		got := make(chan string, 1)
		go func() {
			b, err := s.m.Ask(s.Context(), 2, "q", nil)
			got <- fmt.Sprint(string(b), err)
		}()
		synctest.Wait()
		id := s.w.take(classAsk)[0].id
		s.says(&message{class: classAnswer, id: id + 1, body: []byte("unasked")})
		s.says(&message{class: classAnswer, from: 3, id: id, body: []byte("another's")})
		s.says(&message{class: classAnswer, id: id, body: []byte("right")})
		s.says(&message{class: classAnswer, id: id, body: []byte("twice")})
		if a := <-got; a != "right<nil>" {
			s.Errorf("answered %q", a)
		}
	})
}

// TestAsksAreBounded: a node that asks without end is told so; what came twice runs once.
func TestAsksAreBounded(t *testing.T) {
	play(t, func(s *stage) {
		s.meet()
		var mu sync.Mutex
		ran := 0
		s.m.Handle("q", func(ctx context.Context, _ Num, _ []byte) ([]byte, error) {
			mu.Lock()
			ran++
			mu.Unlock()
			<-ctx.Done()
			return nil, ctx.Err()
		})
		for i := range maxServing {
			m := &message{class: classAsk, from: 2, epoch: epoch2, id: uint64(i), kind: "q"}
			s.w.r.Receive(m.append(nil))
			s.w.r.Receive(m.append(nil))
		}
		synctest.Wait()
		if ran != maxServing || len(s.w.take(classAnswer)) != 0 {
			s.Fatalf("%d handlers run, want %d", ran, maxServing)
		}
		s.says(&message{class: classAsk, id: 1 << 40, kind: "q"})
		answers := s.w.take(classAnswer)
		if len(answers) != 1 || answers[0].fault == nil || answers[0].fault.code != string(fail.Overloaded) {
			s.Fatalf("answers %+v, want Overloaded", answers)
		}
		s.says(&message{class: classCancel, id: 0})
		s.says(&message{class: classCancel, id: 1 << 50})
		if answers := s.w.take(classAnswer); len(answers) != 1 || answers[0].id != 0 {
			s.Errorf("answers %+v, want one of the ask that was given up", answers)
		}
	})
}

// TestTellsOfABadSender: numbers that make no sense break nothing and are not handled.
func TestTellsOfABadSender(t *testing.T) {
	play(t, func(s *stage) {
		s.meet()
		var got []string
		s.m.Handle("k", func(_ context.Context, _ Num, b []byte) ([]byte, error) {
			got = append(got, string(b))
			return nil, nil
		})
		tell := func(session, seq uint64, body string) {
			s.Helper()
			s.says(&message{class: classTell, session: session, seq: seq, kind: "k", body: []byte(body)})
		}
		tell(5, 1, "a")
		tell(5, 3, "gap")
		tell(5, 4, "still a gap")
		taken := s.w.take(classTaken)
		if len(taken) != 2 || taken[0].gap || !taken[1].gap || taken[1].seq != 1 {
			s.Fatalf("taken %+v, want one for a and one that names the gap", taken)
		}
		tell(4, 2, "an earlier session")
		tell(5, 1, "twice")
		tell(5, 2, "b")
		tell(6, 1, "c") // the sender met this node anew
		tell(5, 3, "an earlier session")
		if want := []string{"a", "b", "c"}; !slices.Equal(got, want) {
			s.Errorf("handled %q, want %q", got, want)
		}
		for _, m := range []*message{
			{session: 1, seq: 1, kind: "k"}, {session: 99, seq: 0, kind: "k"}, {session: 1, seq: 0, done: 9, kind: "k"},
		} {
			m.class = classTaken
			s.says(m)
		}
		for i := range 2 * maxLanes {
			s.says(&message{class: classTell, session: 6, seq: 1, kind: fmt.Sprint("lane", i)})
		}
		s.m.mu.Lock()
		defer s.m.mu.Unlock()
		if n := len(s.m.inbound); n > maxLanes {
			s.Errorf("%d lanes for one node, at most %d are allowed", n, maxLanes)
		}
	})
}

// TestQuietLaneIsNotSentAgain: while a handler is slow, only an empty tell asks how far it is.
func TestQuietLaneIsNotSentAgain(t *testing.T) {
	play(t, func(s *stage) {
		s.meet()
		for range 3 {
			if err := s.m.Tell(s.Context(), 2, "k", []byte("body")); err != nil {
				s.Fatal(err)
			}
		}
		session := s.w.take(classTell)[0].session
		s.says(&message{class: classTaken, session: session, seq: 3, done: 0, kind: "k"})
		pass(2 * time.Second) // within it, hellos keep node 2 live
		for range 3 {
			s.says(&message{class: classHello})
		}
		for _, m := range s.w.take(classTell) {
			if m.seq > 3 || len(m.body) > 0 {
				s.Errorf("tell %d was sent again with %d bytes, though it was received", m.seq, len(m.body))
			}
		}
		s.says(&message{class: classTaken, session: session, seq: 3, done: 3, kind: "k"})
		s.w.take(classTell)
		pass(2 * time.Second)
		if n := len(s.w.take(classTell)); n != 0 {
			s.Errorf("%d tells after everything was handled", n)
		}
	})
}

func TestSettle(t *testing.T) {
	play(t, func(s *stage) {
		ctx, cancel := context.WithTimeout(s.Context(), time.Second)
		defer cancel()
		if err := s.m.Settle(ctx, 1); err != nil {
			s.Errorf("settle with itself: %v", err)
		}
		if err := s.m.Settle(ctx, 2); !errors.Is(err, context.DeadlineExceeded) {
			s.Errorf("settle with nobody: %v", err)
		}
		done := make(chan error, 1)
		go func() { done <- s.m.Settle(s.Context(), 2) }()
		s.meet()
		select {
		case err := <-done:
			s.Fatalf("settled before the node acknowledged anything: %v", err)
		default:
		}
		s.says(&message{class: classAck})
		if err := <-done; err != nil {
			s.Error(err)
		}
		go func() { done <- s.m.Settle(s.Context(), 3) }()
		synctest.Wait()
		s.m.Close()
		if err := <-done; !fail.Is(err, fail.Draining) {
			s.Errorf("settle of a node that left: %v", err)
		}
	})
}
