package testcluster

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
)

// records keeps everything that the nodes logged, as JSON lines, and wakes who waits for a line.
type records struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	lines []map[string]string
	waker chan struct{}
}

// Enabled implements slog.Handler: everything counts.
func (*records) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (r *records) Handle(ctx context.Context, rec slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	line := map[string]string{"msg": rec.Message}
	rec.Attrs(func(a slog.Attr) bool { line[a.Key] = a.Value.String(); return true })
	r.lines = append(r.lines, line)
	if r.waker != nil {
		close(r.waker)
		r.waker = nil
	}
	return slog.NewJSONHandler(&r.buf, &slog.HandlerOptions{Level: slog.LevelDebug}).Handle(ctx, rec)
}

// WithAttrs implements slog.Handler.
func (r *records) WithAttrs(attrs []slog.Attr) slog.Handler { return &with{r, attrs} }

// WithGroup implements slog.Handler; the nodes use none at the top.
func (r *records) WithGroup(string) slog.Handler { return r }

// with adds attributes to each record.
type with struct {
	*records
	attrs []slog.Attr
}

// WithAttrs implements slog.Handler.
func (w *with) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &with{w.records, slices.Concat(w.attrs, attrs)}
}

// Handle implements slog.Handler.
func (w *with) Handle(ctx context.Context, rec slog.Record) error {
	rec = rec.Clone()
	rec.AddAttrs(w.attrs...)
	return w.records.Handle(ctx, rec)
}

// Logger writes into the same log as the nodes.
func (c *Cluster) Logger() *slog.Logger { return slog.New(&c.records) }

// Log is everything logged so far, as JSON lines.
func (c *Cluster) Log() string {
	c.records.mu.Lock()
	defer c.records.mu.Unlock()
	return c.records.buf.String()
}

// Await waits for a log line that match accepts and returns it; the test fails when ctx ends first.
func (c *Cluster) Await(ctx context.Context, what string, match func(line map[string]string) bool) map[string]string {
	c.t.Helper()
	seen := 0 // lines that were no match
	for {
		c.records.mu.Lock()
		for _, line := range c.records.lines[seen:] {
			if match(line) {
				c.records.mu.Unlock()
				return line
			}
		}
		seen = len(c.records.lines)
		if c.records.waker == nil {
			c.records.waker = make(chan struct{})
		}
		waker := c.records.waker
		c.records.mu.Unlock()
		select {
		case <-waker:
		case <-ctx.Done():
			c.t.Fatalf("no log line: %s\n%s", what, c.Log())
			return nil
		}
	}
}
