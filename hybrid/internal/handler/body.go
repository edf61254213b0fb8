package handler

import (
	"fmt"
	"io"
	"time"
)

// flow is the body of an answer that is sent while it is made.
type flow struct{ w *writer }

// Size implements shape.Body.
func (f *flow) Size() int64 {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	return f.w.length
}

// Read implements shape.Body: it waits until something may leave.
func (f *flow) Read(p []byte) (int, error) {
	w := f.w
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.ready == 0 && !w.done && !w.gone {
		w.change.Wait()
	}
	switch {
	case w.gone:
		return 0, io.ErrClosedPipe
	case w.ready > 0:
		n := copy(p, w.buf[:w.ready])
		w.buf = w.buf[:copy(w.buf, w.buf[n:])]
		w.ready -= n
		w.change.Broadcast()
		return n, nil
	case w.err != nil:
		return 0, fmt.Errorf("the handler gave up: %w", w.err)
	}
	return 0, io.EOF
}

// Close implements shape.Body. It waits for the handler.
func (f *flow) Close() error {
	f.w.abandon()
	f.w.cancel(nil)
	<-f.w.over
	return nil
}

// complete is the body of an answer that fits into the window. It implements shape.Whole.
type complete struct {
	flow
	size int64
}

// Bytes implements shape.Whole.
func (c *complete) Bytes() []byte { return c.w.buf }

// Size implements shape.Body.
func (c *complete) Size() int64 { return c.size }

// deadline is a point in time that can be moved. Its owner's lock guards it.
type deadline struct {
	at    time.Time
	timer *time.Timer
	fire  func() // when it has passed, without the lock
}

func (d *deadline) set(t time.Time) {
	d.stop()
	d.at = t
	if !t.IsZero() {
		d.timer = time.AfterFunc(time.Until(t), d.fire)
	}
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }
