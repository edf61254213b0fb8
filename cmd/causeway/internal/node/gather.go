package node

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// gatherFor is how long a log line may wait for others. A line that comes alone does not wait.
	gatherFor = 5 * time.Millisecond
	// gatherMost is how much waits at most.
	gatherMost = 32 << 10
)

// gatherer writes the log. A system call a line is a twentieth of what a short exchange costs, so lines that come within gatherFor of
// the last write leave together, by the end of that time. A line that comes alone, a warning, an error and what fills gatherMost leave
// at once, with everything before them. Close writes what is left, so nothing is lost when the node stops in order; what kills the
// program takes at most gatherFor of lines with it. A log that takes nothing holds up whoever writes to it, as it does without
// a gatherer.
//
// Its methods may be called from any goroutine.
type gatherer struct {
	w io.Writer

	mu     sync.Mutex
	lines  []byte
	last   time.Time   // of the latest write
	timer  *time.Timer // calls Flush; nil: was never needed
	armed  bool        // it is going to
	closed bool        // nothing waits any more
}

// Write implements io.Writer: whole lines. An error is that of the write that takes the line along; who waits for others hears none,
// and nobody but the log's reader could do anything about it.
func (g *gatherer) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines = append(g.lines, p...)
	now := time.Now()
	wait := gatherFor - now.Sub(g.last)
	switch {
	case g.closed, len(g.lines) >= gatherMost, wait <= 0 && !g.armed:
		return len(p), g.flushLocked(now)
	case g.armed:
	case g.timer == nil:
		g.armed, g.timer = true, time.AfterFunc(wait, g.Flush)
	default:
		g.armed = true
		g.timer.Reset(wait)
	}
	return len(p), nil
}

// Flush writes what waits.
func (g *gatherer) Flush() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.armed = false
	_ = g.flushLocked(time.Now()) // as in Write
}

func (g *gatherer) flushLocked(now time.Time) error {
	if len(g.lines) == 0 {
		return nil
	}
	_, err := g.w.Write(g.lines)
	g.last, g.lines = now, g.lines[:0]
	return err
}

// Close writes what waits. What comes later is written at once.
func (g *gatherer) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	if g.timer != nil {
		g.timer.Stop()
	}
	_ = g.flushLocked(time.Now()) // as in Write
}

// prompt is a handler whose warnings and errors do not wait.
type prompt struct {
	slog.Handler
	out *gatherer
}

// Handle implements slog.Handler.
func (p prompt) Handle(ctx context.Context, r slog.Record) error {
	err := p.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		p.out.Flush()
	}
	return err
}

// WithAttrs implements slog.Handler.
func (p prompt) WithAttrs(attrs []slog.Attr) slog.Handler {
	return prompt{p.Handler.WithAttrs(attrs), p.out}
}

// WithGroup implements slog.Handler.
func (p prompt) WithGroup(name string) slog.Handler { return prompt{p.Handler.WithGroup(name), p.out} }
