package leg

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// watchMost is how much a watch reads where it has to read: what an ordinary leg takes in one read.
const watchMost = 2 << 10

// Watcher notices that a peer leaves while it waits for its answer. It looks until the peer says something. On a connection of the
// kernel's that is left there, for whoever reads the connection next: he finds all of it at once. Of others, such as TLS, the watch can
// only read: it goes on as long as it lasts, up to 2 KiB, and gives back in one piece what came.
type Watcher struct {
	conn    net.Conn
	halves  bool
	leave   context.CancelCauseFunc
	running sync.WaitGroup // of run
	over    atomic.Bool    // run waits for nothing any more

	// Of run while it runs, of whoever calls Stop behind it.
	first [1]byte
	heard bool
	early []byte
	err   error

	stopped bool // Stop was called
}

// Watch begins to watch a connection that nobody else reads and that has no read deadline; leave is called, with fail.SenderGone, when
// the peer has gone. Whoever answers the peer calls Stop. With halves the end of what the peer sends is no leaving: it may still
// wait for an answer, as peers of plain bytes do.
func Watch(conn net.Conn, halves bool, leave context.CancelCauseFunc) *Watcher {
	w := &Watcher{conn: conn, halves: halves, leave: leave}
	w.running.Add(1)
	go w.run() // Stop waits for it
	return w
}

// Await waits until the peer says something, or goes, and reads once, at most the given number of bytes: all that is there, of a connection
// of the kernel's, and one byte of any other. It holds no buffer while it waits. Deadlines are the connection's.
func Await(conn net.Conn, most int) ([]byte, error) {
	c, ok := conn.(syscall.Conn)
	if !ok || !nowait.Able {
		return awaitByte(conn)
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var read []byte
	waited := false
	stopped := raw.Read(func(fd uintptr) bool {
		if !waited { // the first look nearly always finds nothing, and what comes is read without another
			waited = true
			var one [1]byte
			if nowait.Peek(fd, one[:]) == nowait.ErrNothing { //nolint:errorlint // it comes bare
				return false
			}
		}
		if read == nil {
			read = make([]byte, most)
		}
		var n int
		n, err = nowait.Read(fd, read)
		read = read[:n]
		return err != nowait.ErrNothing //nolint:errorlint // it comes bare
	})
	if stopped != nil {
		return nil, stopped
	}
	return read, err
}

func awaitByte(conn net.Conn) ([]byte, error) {
	var one [1]byte
	n, err := conn.Read(one[:])
	if n == 0 {
		return nil, err
	}
	return one[:], nil // an error comes again
}

// run is the watch.
func (w *Watcher) run() {
	defer w.running.Done()
	w.err = w.look()
	w.over.Store(true)
	if w.gone() {
		w.leave(fail.Wrap(fail.SenderGone, "handshake", w.err))
	}
}

// look waits for something to come. An error says why nothing did.
func (w *Watcher) look() error {
	if c, ok := w.conn.(syscall.Conn); ok && nowait.Able {
		if raw, err := c.SyscallConn(); err == nil { // else it is closed, and the read says so
			return w.peek(raw)
		}
	}
	return w.read()
}

// peek leaves what comes where it is.
func (w *Watcher) peek(raw syscall.RawConn) error {
	var err error
	once := func(fd uintptr) bool {
		err = nowait.Peek(fd, w.first[:])
		return err != nowait.ErrNothing //nolint:errorlint // it comes bare
	}
	if stopped := raw.Read(once); stopped != nil {
		return stopped
	}
	w.heard = err == nil
	return err
}

// read takes what comes. One byte is what it waits for, so that a peer that says nothing costs no buffer.
func (w *Watcher) read() error {
	if n, err := w.conn.Read(w.first[:]); n == 0 {
		return err
	}
	w.heard = true
	w.early = make([]byte, watchMost)
	w.early[0] = w.first[0]
	n, _ := io.ReadFull(w.conn, w.early[1:]) // an error that is no deadline comes again, behind what came
	w.early = w.early[:1+n]
	return nil
}

// gone reports whether the watch ended because the peer left.
func (w *Watcher) gone() bool {
	switch {
	case w.err == nil, errors.Is(w.err, os.ErrDeadlineExceeded):
		return false
	case errors.Is(w.err, io.EOF):
		return !w.halves
	}
	return true
}

// Stop ends the watch and returns what it read of the connection, or that the peer has gone. There is no read deadline behind it. It may
// be called twice, by one goroutine.
func (w *Watcher) Stop() ([]byte, error) {
	if !w.stopped {
		w.stopped = true
		w.end()
	}
	if w.gone() {
		return nil, w.err
	}
	return w.early, nil
}

// end waits for run, which a deadline wakes if it still looks.
func (w *Watcher) end() {
	if w.over.Load() {
		w.running.Wait()
		return
	}
	err := w.conn.SetReadDeadline(time.Unix(1, 0))
	w.running.Wait()
	if err == nil {
		err = w.conn.SetReadDeadline(time.Time{})
	}
	if err != nil {
		w.err = err
	}
}

// Heard reports, behind Stop, whether the watch saw the peer say something: what Stop returned, or what is still to be read.
func (w *Watcher) Heard() bool { return w.heard }
