package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect/address"
	"github.com/causeway-relay/causeway/bridge/connect/wire"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/accept"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/nowait"
)

const (
	// maxSetups is how many connections of a local socket may be on their way through the relay at once. More wait in the
	// system's own backlog.
	maxSetups = 512
	// lookTime bounds the look whether a Unix socket is left over from a process that is gone.
	lookTime = time.Second
)

// forwarding is a local socket with the connector that it belongs to.
type forwarding struct {
	b      *Bridge
	bind   string
	entity string
	socket net.Listener
	routed atomic.Pointer[route]
	once   sync.Once
	conns  sync.WaitGroup
}

// open implements station.
func (f *forwarding) open() error {
	network, at, err := address.ParseBind(f.bind)
	if err != nil {
		return err
	}
	if network == "unix" {
		err = clearSocket(at)
	}
	if err == nil {
		f.socket, err = new(net.ListenConfig).Listen(context.Background(), network, at)
	}
	if err == nil && network == "unix" {
		err = os.Chmod(at, 0o600) // whoever reaches the socket may send
	}
	if err != nil {
		return fmt.Errorf("open %s for %s: %w: %s", f.bind, f.entity, err, bindAdvice(err))
	}
	return nil
}

// bindAdvice says what to do about a local address that cannot be opened.
func bindAdvice(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "this user may not open it: name another address, such as a port above 1023"
	case errors.Is(err, fs.ErrNotExist):
		return "make the folder of the socket first, or name another place"
	}
	return "is another program there? name another address"
}

// clearSocket removes a Unix socket that nobody listens on. Anything else in its place stays, and the bind fails.
func clearSocket(path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return nil //nolint:nilerr // nothing is there, or the bind says what is
	}
	conn, err := (&net.Dialer{Timeout: lookTime}).DialContext(context.Background(), "unix", path)
	if err == nil {
		conn.Close()
		return nil // somebody listens: the bind says so
	}
	return os.Remove(path)
}

// discard implements station.
func (f *forwarding) discard() { _ = f.socket.Close() }

// route implements station.
func (f *forwarding) route(list []*route) {
	var before []*route
	if r := f.routed.Load(); r != nil {
		before = []*route{r}
	}
	f.routed.Store(keep(before, list, f.b.p.Grace)[0])
}

// leave implements station.
func (f *forwarding) leave(grace time.Duration) {
	f.once.Do(func() {
		f.routed.Load().retire(grace)
		_ = f.socket.Close()
	})
}

// run implements station.
func (f *forwarding) run(ctx context.Context) {
	defer f.conns.Wait()
	stop := context.AfterFunc(ctx, func() { _ = f.socket.Close() })
	defer stop()
	f.b.tell(&Event{Kind: ForwardOpened, Entity: f.routed.Load().c.Forward, Remote: f.socket.Addr().String()})
	slots := make(chan struct{}, maxSetups)
	accept.Loop(ctx, f.socket, func(conn net.Conn) {
		select {
		case slots <- struct{}{}:
			f.conns.Go(func() { f.serve(nowait.Wrap(conn), func() { <-slots }) })
		case <-ctx.Done():
			reset(conn)
		}
	})
}

// serve is the life of one connection. ready is called when it is through the relay, or was refused.
func (f *forwarding) serve(conn net.Conn, ready func()) {
	r := f.routed.Load()
	e := Event{Kind: Refused, Entity: r.c.Forward, Remote: remoteOf(conn)}
	through, read, err := r.through(conn)
	ready()
	if err != nil {
		f.refused(&e, err)
		reset(conn)
		return
	}
	e.tracking = through.TrackingID()
	r.join(&e, conn, far{through}, read, "the local client", flow.Forth)
}

// remoteOf names the client of a local socket; those of Unix sockets have no address.
func remoteOf(conn net.Conn) string {
	if text := conn.RemoteAddr().String(); text != "" && text != "@" {
		return text
	}
	return conn.LocalAddr().String()
}

// through dials the relay for a local client, and gives what the client sent meanwhile.
func (r *route) through(conn net.Conn) (*hybrid.Conn, []byte, error) {
	ctx, gone := context.WithCancelCause(r.life)
	defer gone(nil)
	watch := leg.Watch(conn, true, gone)
	through, err := hybrid.Dial(ctx, r.c.ConnectionString, r.dials...)
	if err == nil && r.c.PortName != "" {
		stop := context.AfterFunc(ctx, through.Abort)
		err = ask(through, r.c.PortName)
		stop()
	}
	read, left := watch.Stop()
	switch {
	case left != nil:
		err = fail.Wrap(fail.SenderGone, "forward", left)
	case err == nil:
		return through, slices.Clone(read), nil
	}
	if through != nil {
		through.Abort()
	}
	return nil, nil, err
}

// preambleError is an azbridge preamble that the far end did not take.
type preambleError struct{ text, do string }

// Error is the text.
func (e *preambleError) Error() string { return e.text }

// ask says azbridge's preamble and waits for the answer. The far end closes without one when it has no such port.
func ask(conn *hybrid.Conn, port string) error {
	hello := wire.Hello{Mode: wire.Stream, Port: port}
	head, err := hello.AppendHead(nil)
	if err != nil {
		return err
	}
	_ = conn.SetDeadline(time.Now().Add(helloTime))
	if _, err = conn.Write(head); err == nil {
		_, err = conn.Write([]byte(port))
	}
	var answer [wire.AnswerBytes]byte
	if err == nil {
		_, err = io.ReadFull(conn, answer[:])
	}
	if err != nil {
		return &preambleError{fmt.Sprintf("the far end has no port %q, or does not speak azbridge's preamble", port), "compare portName with that of the listening connector"}
	}
	switch got, err := wire.DecodeAnswer(answer[:]); {
	case err == nil && got == wire.StreamAgreed:
		return conn.SetDeadline(time.Time{})
	case err == nil && got == wire.VersionUnknown:
		return &preambleError{"the far end speaks another version of azbridge's preamble", "compare the versions of both ends"}
	case err == nil:
		return &preambleError{fmt.Sprintf("the port %q of the far end carries datagrams", port), "name a port that carries streams"}
	}
	return &preambleError{"the far end does not speak azbridge's preamble", "take portName out here, or give the listening connector one"}
}

// refused tells why a connection did not come through.
func (f *forwarding) refused(e *Event, err error) {
	if no, ok := errors.AsType[*preambleError](err); ok {
		e.Reason, e.Text, e.Do = PreambleFailed, no.text, no.do
	} else if no, ok := errors.AsType[*fail.Error](err); ok {
		e.Reason, e.Text = no.Code, "the local client left before it was answered"
	} else {
		e.why(err)
	}
	f.b.tell(e)
}
