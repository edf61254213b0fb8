package front

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// watch notices that the peer leaves while a handler works. It reads one byte of the connection in a goroutine of its own, from
// the end of the request's body until the answer is done. A byte that comes is the next request's and is kept.
type watch struct {
	conn net.Conn
	gone context.CancelCauseFunc // called when the peer ended or lost the connection
	done chan struct{}           // one place: the goroutine has ended; shared by the requests of a connection

	mu      sync.Mutex
	running bool
	over    bool // must not start any more, and a read that fails was ended by stop
	got     bool
	one     [1]byte
}

// errGone is the cause of a request's context when its peer left.
var errGone = fail.New(fail.SenderGone, "")

// start begins to watch, once. The caller has cleared the read deadline and holds no unread bytes of the connection.
func (w *watch) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || w.running {
		return
	}
	w.running = true
	go w.run() // stop waits for it
}

func (w *watch) run() {
	n, err := w.conn.Read(w.one[:])
	w.mu.Lock()
	w.got = n == 1
	lost := n == 0 && err != nil && !(w.over && timedOut(err))
	w.mu.Unlock()
	if lost {
		w.gone(errGone)
	}
	w.done <- struct{}{}
}

// longAgo makes a read return at once.
var longAgo = time.Unix(1, 0)

// stop ends the watch for good and waits for its goroutine. It gives the byte that came, if one did. The read deadline is one
// that has passed: whoever reads next sets his own.
func (w *watch) stop() (b byte, got bool) {
	w.mu.Lock()
	running := w.running
	w.over, w.running = true, false
	w.mu.Unlock()
	if !running {
		return 0, false
	}
	_ = w.conn.SetReadDeadline(longAgo) // a dead connection has ended the read already
	<-w.done
	return w.one[0], w.got
}
