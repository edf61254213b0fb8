package nodedoor

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
)

// serverIdle is how long the server keeps a silent connection: much longer than the pool does, which is to end it first.
const serverIdle = 3 * idleTime

// Handler runs an exchange with the listener of a channel. Its context ends with the sender. ticket is that of the rendezvous which the
// listener was given.
type Handler func(ctx context.Context, channel uint64, req *shape.Request) (resp *shape.Response, ticket shape.Ticket, err error)

// Server is the listener's side. Make one with NewServer.
type Server struct {
	handle Handler
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup // connections and their watchers

	mu     sync.Mutex
	conns  map[*conn]struct{}
	calls  map[caller]*turn // those with a body, which hides the end of their connection
	closed bool
}

// caller is an exchange as the sender's node knows it.
type caller struct {
	node uint16
	id   uint64
}

// NewServer makes a server that has no connections yet.
func NewServer(handle Handler) *Server {
	s := &Server{handle: handle, conns: make(map[*conn]struct{}), calls: make(map[caller]*turn)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Serve answers the exchanges of a connection until it ends.
func (s *Server) Serve(raw net.Conn) {
	t := &turn{conn: newConn(raw), s: s}
	t.lost = t.left
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		raw.Close()
		return
	}
	s.conns[t.conn] = struct{}{}
	s.work.Go(t.watch)
	s.work.Add(1)
	s.mu.Unlock()
	defer s.work.Done()
	t.arm()
	for t.next() {
	}
	s.mu.Lock()
	delete(s.conns, t.conn)
	s.mu.Unlock()
	t.shut()
}

// Left says that the sender of an exchange has gone. One that has ended is nobody's.
func (s *Server) Left(node uint16, id uint64) {
	s.mu.Lock()
	t := s.calls[caller{node, id}]
	s.mu.Unlock()
	if t != nil {
		t.left(errLeft)
	}
}

var errLeft = errors.New("the sender's node says so")

// enter and leave keep the list of exchanges that have a body.
func (s *Server) enter(who caller, t *turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[who] = t
}

func (s *Server) leave(who caller) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.calls, who)
}

// Close ends every connection, the exchanges on them too, and waits for all of it.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		c.shut()
	}
	s.mu.Unlock()
	s.cancel()
	s.work.Wait()
}

// turn is a connection at the server, with the exchange that it is at.
type turn struct {
	*conn

	s  *Server
	mu sync.Mutex
	// stop ends the exchange under way; nil between exchanges. Guarded by mu.
	stop context.CancelCauseFunc
}

// left is told by the watcher: the sender's node has closed the connection, or died.
func (t *turn) left(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stop != nil {
		t.stop(fail.Wrap(fail.SenderGone, "", err))
	}
}

// next waits for one exchange and runs it. It reports whether the connection can go on.
func (t *turn) next() bool {
	t.SetReadDeadline(time.Now().Add(serverIdle))
	if err := <-t.ready; err != nil {
		return false
	}
	h, err := t.readHead(http1.ReadRequest)
	if err != nil {
		return false
	}
	f, err := http1.RequestFraming(h)
	if err != nil {
		return false
	}
	c, err := decodeRequest(h)
	if err != nil {
		return false
	}
	return t.run(c, f)
}

// run has the exchange run, and answers.
func (t *turn) run(c *call, f http1.Framing) bool {
	ctx, cancel := context.WithCancelCause(t.s.ctx)
	defer cancel(nil)
	t.during(cancel)
	defer t.during(nil)
	var in *incoming
	if f.Kind == http1.Chunked || f.Length > 0 {
		in = &incoming{t: t}
		t.in.Reset(t.src, f)
		c.req.Body = in
		who := caller{c.req.Node, c.id}
		t.s.enter(who, t)
		defer t.s.leave(who)
	} else {
		t.arm()
	}
	resp, ticket, err := t.s.handle(ctx, c.channel, &c.req)
	ok := t.answer(resp, ticket, err)
	return ok && (in == nil || in.drain())
}

func (t *turn) during(stop context.CancelCauseFunc) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stop = stop
}

// answer writes the response or the error.
func (t *turn) answer(resp *shape.Response, ticket shape.Ticket, err error) bool {
	buf := buffers.Get().(*[writeBytes]byte)
	defer buffers.Put(buf)
	if err == nil {
		f := framingOf(resp.Body)
		head := appendResponse(buf[:0], resp, ticket, f)
		if len(head) <= maxHead {
			return t.respond(resp, f, head)
		}
		if resp.Body != nil {
			_ = resp.Body.Close()
		}
		err = fail.New(fail.BadAnswer, "The head of the response does not fit between nodes.")
	}
	_, untaken := errors.AsType[*shape.Untaken](err)
	_, err = t.Write(appendError(buf[:0], fail.Of(err), untaken))
	return err == nil
}

// respond writes the response, and each read of its body at once. A body that breaks breaks the connection.
func (t *turn) respond(resp *shape.Response, f http1.Framing, head []byte) bool {
	if resp.Body != nil {
		defer resp.Body.Close()
	}
	_, whole := resp.Body.(shape.Whole)
	if whole || f.Kind == http1.Length && f.Length == 0 {
		return t.send(head, f, resp.Body) == nil
	}
	t.out.Reset(t, f, head)
	_, err := t.out.Copy(resp.Body)
	return err == nil
}
