package node

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
)

// fakeNode drains for as long as its streams run.
type fakeNode struct {
	streams time.Duration // how long they go on
	fails   error         // of Run, at once
	over    chan struct{}
	closed  int
	drained time.Duration
}

func (n *fakeNode) Run(context.Context) error {
	if n.fails != nil {
		return n.fails
	}
	<-n.over
	return nil
}

func (n *fakeNode) Shutdown(ctx context.Context) error {
	began := time.Now()
	defer close(n.over)
	defer func() { n.drained = time.Since(began) }()
	select {
	case <-time.After(n.streams):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *fakeNode) Close() { n.closed++ }

// TestSignals: the first signal drains within the time, the second ends now.
func TestSignals(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		streams time.Duration
		second  time.Duration // 0: none comes
		fails   error
		took    time.Duration
		want    error
	}{
		"nothing runs":              {took: 0},
		"streams end in time":       {streams: 3 * time.Second, took: 3 * time.Second},
		"streams go on":             {streams: time.Hour, took: 25 * time.Second},
		"a second signal":           {streams: time.Hour, second: 2 * time.Second, took: 2 * time.Second, want: errCut},
		"it ends before any signal": {fails: broken, want: broken},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &fakeNode{streams: c.streams, fails: c.fails, over: make(chan struct{})}
				signals := make(chan os.Signal, 2)
				if c.fails == nil {
					signals <- syscall.SIGTERM
				}
				if c.second > 0 {
					time.AfterFunc(c.second, func() { signals <- os.Interrupt })
				}
				err := untilSignal(t.Context(), n, config.Default(), slog.New(slog.DiscardHandler), signals)
				if !errors.Is(err, c.want) || c.want == nil && err != nil {
					t.Errorf("ended with %v, want %v", err, c.want)
				}
				if n.drained != c.took {
					t.Errorf("took %s, want %s", n.drained, c.took)
				}
				if cut := c.second > 0; (n.closed > 0) != cut {
					t.Errorf("closed %d times", n.closed)
				}
			})
		})
	}
}

func TestLog(t *testing.T) {
	var b strings.Builder
	log, lines := newLog(&b, config.Log{Level: "warn", Format: "json"}, new(slog.LevelVar))
	defer lines.Close()
	log.Info("quiet")
	log.Warn("loud")
	if got := b.String(); strings.Contains(got, "quiet") || !strings.HasPrefix(got, "{") || !strings.Contains(got, `"loud"`) {
		t.Errorf("logged %s", got)
	}
	b.Reset()
	log, lines = newLog(&b, config.Log{Level: "debug", Format: "text"}, new(slog.LevelVar))
	log.Debug("fine")
	lines.Close()
	if !strings.Contains(b.String(), "msg=fine") {
		t.Errorf("logged %s", b.String())
	}
}
