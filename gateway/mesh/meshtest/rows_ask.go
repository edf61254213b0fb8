package meshtest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
)

// askRows: questions.
var askRows = []row{
	{"an ask is answered", rowAsk},
	{"errors of handlers travel", rowAskErrors},
	{"asks run side by side", rowAskBeside},
	{"a node that dies between ask and answer", rowAskDeath},
	{"an ask that is given up ends its handler", rowAskCancel},
	{"bounds of asks", rowAskBounds},
}

func rowAsk(s *scene) {
	b, _ := s.three()
	for n := 1; n <= 3; n++ {
		b[n].Handle("echo", func(_ context.Context, from mesh.Num, q []byte) ([]byte, error) {
			return append([]byte{byte(n), byte(from)}, q...), nil
		})
	}
	body := bytes.Repeat([]byte("0123456789"), 10_000)
	for from := mesh.Num(1); from <= 3; from++ {
		for to := mesh.Num(1); to <= 3; to++ {
			for _, q := range [][]byte{nil, []byte("q"), body} {
				want := append([]byte{byte(to), byte(from)}, q...)
				if a, err := b[from].Ask(s.ctx, to, "echo", q); err != nil || !bytes.Equal(a, want) {
					s.Errorf("ask of %d bytes from %d to %d: %d bytes, %v", len(q), from, to, len(a), err)
				}
			}
		}
	}
	b[2].Handle("echo", func(context.Context, mesh.Num, []byte) ([]byte, error) { return []byte("replaced"), nil })
	if a, err := b[1].Ask(s.ctx, 2, "echo", nil); err != nil || string(a) != "replaced" {
		s.Errorf("after Handle was called again: %q, %v", a, err)
	}
}

func rowAskErrors(s *scene) {
	b, _ := s.three()
	rejected := &fail.Error{
		Code: fail.Rejected, Op: "offer", Target: "plant/x", Tracking: "0f-1", Text: "nicht heute, süße", Status: 418,
		Cause: errors.New("the listener's own"),
	}
	b[2].Handle("reject", func(context.Context, mesh.Num, []byte) ([]byte, error) { return []byte("lost"), rejected })
	b[2].Handle("plain", func(context.Context, mesh.Num, []byte) ([]byte, error) {
		return nil, errors.New("disk " + strings.Repeat("x", 1<<20))
	})
	b[2].Handle("panic", func(context.Context, mesh.Num, []byte) ([]byte, error) { panic("at the disco") })
	b[2].Handle("bare", func(context.Context, mesh.Num, []byte) ([]byte, error) {
		return nil, &fail.Error{Code: fail.NoListener}
	})
	for _, from := range []int{1, 2} {
		_, err := b[from].Ask(s.ctx, 2, "reject", nil)
		var f *fail.Error
		if !errors.As(err, &f) {
			s.Fatalf("error %T is no *fail.Error", err)
		}
		if f.Code != rejected.Code || f.Op != rejected.Op || f.Target != rejected.Target || f.Tracking != rejected.Tracking ||
			f.Text != rejected.Text || f.Status != rejected.Status || f.Cause == nil || f.Cause.Error() != rejected.Cause.Error() {
			s.Errorf("from node %d: error %#v, want %#v", from, f, rejected)
		}
		_, err = b[from].Ask(s.ctx, 2, "plain", nil)
		s.wants(err, fail.Internal, "an error that is no *fail.Error")
		if err == nil || !strings.Contains(err.Error(), "disk") || len(err.Error()) > 10_000 {
			s.Errorf("from node %d: the cause is not named, or not bounded", from)
		}
		_, err = b[from].Ask(s.ctx, 2, "panic", nil)
		s.wants(err, fail.Internal, "a handler that panics")
		_, err = b[from].Ask(s.ctx, 2, "bare", nil)
		s.wants(err, fail.NoListener, "an error with nothing but a code")
		_, err = b[from].Ask(s.ctx, 2, "nothing", nil)
		s.wants(err, fail.Starting, "a kind without a handler")
	}
	_, err := b[1].Ask(s.ctx, 9, "reject", nil)
	s.wants(err, fail.NodeLost, "a node that does not exist")
}

// rowAskBeside has handlers that end when all have begun.
func rowAskBeside(s *scene) {
	b, _ := s.three()
	const count = 60
	var begun atomic.Int32
	all := make(chan struct{})
	b[3].Handle("meet", func(ctx context.Context, _ mesh.Num, _ []byte) ([]byte, error) {
		if begun.Add(1) == count {
			close(all)
		}
		select {
		case <-all:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	var wg sync.WaitGroup
	for i := range count {
		wg.Go(func() {
			if _, err := b[1+i%3].Ask(s.ctx, 3, "meet", nil); err != nil {
				s.Errorf("ask %d beside others: %v", i, err)
			}
		})
	}
	wg.Wait()
}

func rowAskDeath(s *scene) {
	b, v := s.three()
	entered, ended := make(chan struct{}, 2), make(chan error, 2)
	wait := func(ctx context.Context, _ mesh.Num, _ []byte) ([]byte, error) {
		entered <- struct{}{}
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return nil, ctx.Err()
	}
	b[2].Handle("wait", wait)
	b[3].Handle("wait", wait)
	ask := func(from int, to mesh.Num) <-chan error {
		answer := make(chan error, 1)
		go func() {
			_, err := b[from].Ask(s.ctx, to, "wait", nil)
			answer <- err
		}()
		await(s, entered, "the handler")
		return answer
	}
	toDead, ofDead := ask(1, 2), ask(2, 3)
	d := took(func() {
		s.Kill(2)
		s.wants(await(s, toDead, "the end of the ask"), fail.NodeLost, "an ask whose node died")
	})
	s.within(d, s.timing.Dead/2, "the end of an ask to a node that died")
	if cause := await(s, ended, "the end of the handler at node 3"); !fail.Is(cause, fail.NodeLost) {
		s.Errorf("a handler whose asker died ends because of %v", cause)
	}
	v[1].until("the death", func() bool { return !v[1].isLive(2) })
	d = took(func() {
		_, err := b[1].Ask(s.ctx, 2, "wait", nil)
		s.wants(err, fail.NodeLost, "an ask to a dead node")
	})
	s.within(d, s.timing.Dead/2, "an ask to a dead node")
	if err := b[2].Close(); err != nil {
		s.Errorf("close of the dead: %v", err)
	}
	if err := await(s, ofDead, "the end of the dead node's own ask"); err == nil {
		s.Errorf("the dead node's own ask was answered")
	}
}

func rowAskCancel(s *scene) {
	b, _ := s.three()
	entered, ended := make(chan struct{}, 1), make(chan struct{}, 1)
	b[2].Handle("wait", func(ctx context.Context, _ mesh.Num, _ []byte) ([]byte, error) {
		entered <- struct{}{}
		<-ctx.Done()
		ended <- struct{}{}
		return nil, ctx.Err()
	})
	for _, from := range []int{1, 2} {
		ctx, cancel := context.WithCancelCause(s.ctx)
		answer := make(chan error, 1)
		go func() {
			_, err := b[from].Ask(ctx, 2, "wait", nil)
			answer <- err
		}()
		await(s, entered, "the handler")
		tired := errors.New("tired of waiting")
		cancel(tired)
		err := await(s, answer, "the asker")
		if !errors.Is(err, tired) {
			s.Errorf("the asker got %v, want the cause of its context", err)
		}
		await(s, ended, "the end of the handler")
	}
}

func rowAskBounds(s *scene) {
	b, _ := s.three()
	huge := make([]byte, mesh.MaxBody+1)
	b[2].Handle("huge", func(context.Context, mesh.Num, []byte) ([]byte, error) { return huge, nil })
	b[2].Handle("size", func(_ context.Context, _ mesh.Num, q []byte) ([]byte, error) { return q, nil })
	if a, err := b[1].Ask(s.ctx, 2, "size", huge[1:]); err != nil || len(a) != mesh.MaxBody {
		s.Errorf("the longest ask: %d bytes, %v", len(a), err)
	}
	_, err := b[1].Ask(s.ctx, 2, "size", huge)
	s.wants(err, fail.TooLarge, "an ask that is too long")
	_, err = b[1].Ask(s.ctx, 2, "huge", nil)
	s.wants(err, fail.TooLarge, "an answer that is too long")
	s.wants(b[1].Tell(s.ctx, 2, "size", huge), fail.TooLarge, "a tell that is too long")
	for _, kind := range []string{"", strings.Repeat("k", 65), "\xff"} {
		_, err = b[1].Ask(s.ctx, 2, kind, nil)
		s.wants(err, fail.Internal, "a kind that cannot travel")
	}
}
