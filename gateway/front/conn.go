package front

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/stack"
)

// conn is one connection from its acceptance until it is closed or given away. It belongs to one goroutine.
type conn struct {
	s         *Server
	door      string
	lease     *lease
	net       net.Conn // what is read and written: the lease's connection, or TLS over it
	remote    netip.AddrPort
	encrypted bool
	carried   bool
	cert      []byte
	state     *tls.ConnectionState // for handlers, made at the first
	in        input
	arrival   *leg.Arrival // shown to Route; nil: a Take keeps the latest
	room      leg.Arrival  // of the first
	given     bool         // somebody else closes the connection
	lent      bool         // the buffer of in is a Take's
	handled   bool         // a handler's answer has left its write deadline
	used      bool         // a handler or a Take may have left a read deadline
	writeBy   time.Time    // the write deadline that a Take's answer has left
	h         *handling    // nil before the first request that goes to the handler
}

// handling is what requests to the handler share on a connection, so that a busy one makes less garbage.
type handling struct {
	base   context.Context // the server's with the local address, which handlers ask net/http for
	remote string
	done   chan struct{} // of the watch
	names  []string
	fields http1.Fields
}

func newConn(s *Server, door string, l *lease) *conn {
	l.door = door
	c := &conn{s: s, door: door, lease: l, net: l.conn, in: input{conn: l.conn}}
	c.arrival = &c.room
	return c
}

// begin is serve on a goroutine of its own. Connections come with their first bytes, nearly all, so that there is something to do at once.
func (c *conn) begin(cfg *tls.Config) {
	stack.Deepen() // it costs least before any other call
	c.serve(cfg)
}

// serve is the life of the connection. cfg is nil for plain doors and for carried connections.
func (c *conn) serve(cfg *tls.Config) {
	defer c.s.crowd.served()
	defer c.close()
	defer func() { // of Route, of a hook or of our own: it costs the connection; handlers and Takes have theirs
		if v := recover(); v != nil {
			c.s.p.Hooks.Panicked(c.door, newTracking(), v, debug.Stack())
		}
	}()
	leave, full := c.s.p.Enter(c.remote)
	if full != nil {
		c.turnAway(cfg, full)
		return
	}
	c.lease.entered(leave)
	if !c.handshake(cfg) {
		return
	}
	c.s.p.Hooks.Connected(c.door, c.remote, c.encrypted)
	for first := true; ; first = false {
		head, err := c.nextHead(first)
		if err != nil {
			c.failHead(first, err)
			return
		}
		take := c.route(head)
		if take == nil && !c.handle(head) || take != nil && !c.give(take) {
			return
		}
	}
}

// close ends what was not given away.
func (c *conn) close() {
	if !c.lent {
		c.in.drop()
	}
	if !c.given {
		_ = c.net.Close() // nothing is owed to the peer any more
	}
}

// turnAway tells a connection over the limit why, if there is time for that: a TLS handshake is work.
func (c *conn) turnAway(cfg *tls.Config, full *fail.Error) {
	select {
	case c.s.refusals <- struct{}{}:
		defer func() { <-c.s.refusals }()
	default:
		c.s.p.Hooks.Refused(Refusal{Door: c.door, Code: full.Code, Remote: c.remote, Err: full})
		return
	}
	if c.handshake(cfg) {
		c.refuse(refusal{code: full.Code, text: full.Message(), err: full})
	}
}

// handshake does TLS, if the door does. A client that speaks plain HTTP is told so, every other failure is only counted.
func (c *conn) handshake(cfg *tls.Config) bool {
	if cfg == nil {
		return true
	}
	t := leg.Secure(c.lease.conn, tls.Server, cfg)
	c.net, c.in.conn = t, t
	_ = t.SetDeadline(time.Now().Add(c.s.p.HeadTimeout))             // a dead connection says so at the read
	if err := t.HandshakeContext(context.Background()); err != nil { // its end is the deadline, or Close
		var plain tls.RecordHeaderError
		if errors.As(err, &plain) && plain.Conn != nil && startsAsHTTP(plain.RecordHeader) {
			c.refuseSpeech(c.lease.conn, err)
			return false
		}
		c.s.p.Hooks.TLSError(c.door, c.remote, err)
		return false
	}
	_ = t.SetDeadline(time.Time{}) // as above
	c.encrypted = true
	if cfg.ClientAuth != tls.NoClientCert {
		if state := t.ConnectionState(); len(state.PeerCertificates) > 0 {
			c.cert = state.PeerCertificates[0].Raw
		}
	}
	return true
}

// startsAsHTTP looks at the first five bytes: a method and a blank or more of the method.
func startsAsHTTP(b [5]byte) bool {
	for _, x := range b {
		if (x < 'A' || x > 'Z') && x != ' ' && x != '/' && x != '-' {
			return false
		}
	}
	return true
}

// errIdle ends a connection between two requests.
var errIdle = errors.New("no request came")

// nextHead reads the next head.
func (c *conn) nextHead(first bool) (*http1.Head, error) {
	limited := false // there is a deadline, which is the head's
	if len(c.in.unread()) == 0 {
		var err error
		if limited, err = c.await(first); err != nil {
			return nil, err
		}
	}
	c.lease.to(begun)
	limits := http1.Limits{Bytes: c.s.p.HeadBytes}
	for seen := 0; ; {
		b := c.in.unread()
		if worthDecoding(b, seen) {
			head, n, err := http1.DecodeRequest(b, limits)
			if n > 0 || err != nil {
				c.in.skip(n)
				return head, err
			}
			seen = len(b)
		}
		if !limited {
			c.lease.readBy(time.Now().Add(c.s.p.HeadTimeout))
			limited = true
		}
		if err := c.in.more(c.s.p.HeadBytes); err != nil {
			return nil, c.lastLook(seen, err)
		}
	}
}

// worthDecoding reports whether the codec could say more than it did for the first seen bytes: each call starts at the front, so
// a peer that sends byte by byte must not make one of each. A line may have ended, or there is twice as much.
func worthDecoding(b []byte, seen int) bool {
	if seen == 0 || len(b) >= 2*seen {
		return true
	}
	for _, x := range b[seen:] {
		if x < ' ' {
			return true
		}
	}
	return false
}

// lastLook prefers what is wrong with the bytes that did come to the fact that no more did.
func (c *conn) lastLook(seen int, err error) error {
	if b := c.in.unread(); seen < len(b) {
		if _, _, fault := http1.DecodeRequest(b, http1.Limits{Bytes: c.s.p.HeadBytes}); fault != nil {
			return fault
		}
	}
	return err
}

// await waits for the first byte of a request. limited says that there is a deadline, which is that of the whole head: for the first one,
// unless it was there already. Between requests it waits without a buffer, but for a moment, and a connection that stays idle ends
// with errIdle.
func (c *conn) await(first bool) (limited bool, err error) {
	if !c.lease.to(quiet) {
		return false, errIdle
	}
	if !first {
		return false, c.awaitNext()
	}
	if come, err := c.in.now(); come || err != nil {
		return false, err
	}
	c.lease.readBy(time.Now().Add(c.s.p.HeadTimeout))
	return true, c.in.more(c.s.p.HeadBytes)
}

// awaitNext is await between two requests.
func (c *conn) awaitNext() error {
	c.lease.readBy(time.Now().Add(min(patience, c.s.p.IdleTimeout)))
	err := c.in.more(c.s.p.HeadBytes)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return orIdle(err)
	}
	c.in.release()
	c.lease.readBy(time.Now().Add(c.s.p.IdleTimeout - patience))
	var one [1]byte
	n, err := c.net.Read(one[:])
	if n == 1 {
		c.in.push(one[0])
		return nil
	}
	return orIdle(err)
}

func orIdle(err error) error {
	if err == nil {
		return nil
	}
	return errIdle
}

// failHead answers a head that did not come, if there is something to answer and somebody to read it.
func (c *conn) failHead(first bool, err error) {
	fault := (*http1.Error)(nil)
	switch {
	case errors.Is(err, errIdle):
	case errors.As(err, &fault):
		code, status := headFault(fault)
		c.refuse(refusal{code: code, status: status, text: sentence(fault.Text), err: fault})
	case errors.Is(err, os.ErrDeadlineExceeded) && c.s.crowd.draining.Load():
		c.refuse(refusal{code: fail.Draining, err: err})
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.refuse(refusal{code: fail.SlowHead, err: err})
	case errors.Is(err, io.EOF) && !(first && len(c.in.unread()) == 0):
		c.refuse(refusal{code: fail.BadRequest, text: "The request ends within its head", err: err})
	}
}

// route asks which entry wants the request.
func (c *conn) route(h *http1.Head) Take {
	if c.arrival == nil {
		c.arrival = new(leg.Arrival)
	}
	*c.arrival = leg.Arrival{
		Conn: c.net, Head: h, Read: c.in.unread(), Door: c.door, Remote: c.remote,
		TLS: c.encrypted, Cert: c.cert, Carried: c.carried, WriteBy: c.writeBy,
	}
	return c.s.p.Route(c.arrival)
}

// give hands the connection over, and reports whether it came back for another request.
func (c *conn) give(take Take) (again bool) {
	a := c.arrival
	c.arrival = nil
	c.ready(a)
	c.given = true
	defer func() { c.s.fallen(recover(), c.door, c.net) }()
	take(c.s.ctx, a)
	switch {
	case a.Again:
		c.given, c.lent, c.used, c.writeBy = false, false, true, a.WriteBy
		c.in.put(a.Read)
		return true
	case a.Rest != nil:
		c.s.crowd.join()
		go c.s.rest(c.door, c.net, a.Rest) // the crowd counts it, Run waits for it
	case a.Stay != nil:
		c.s.crowd.join()
		if leg.Parks(c.net) { // this goroutine's stack is large enough by now, and ends when nothing is said
			c.s.stay(c.door, c.net, c.lease, a.Stay)
			return false
		}
		go c.s.stay(c.door, c.net, c.lease, a.Stay) // as above
	}
	return false
}

// ready makes the connection what a Take expects: nobody reads it, and no deadline of ours ends its reads or writes. What answers a request
// and returns borrows the buffer that the head came in, and goes on with the write deadline of the answer before. Behind an upgrade a
// connection may live for days: it keeps no buffer of the pool.
func (c *conn) ready(a *leg.Arrival) {
	if c.lease.engage() || c.used {
		_ = c.net.SetReadDeadline(time.Time{}) // a dead connection says so to its owner
	}
	if !a.Head.Fields.Has("Upgrade") && !c.handled {
		c.lent = true
		return
	}
	a.Read = bytes.Clone(a.Read)
	c.in.drop()
	if c.handled || !a.WriteBy.IsZero() {
		_ = c.net.SetWriteDeadline(time.Time{}) // as above
	}
	c.handled, a.WriteBy = false, time.Time{}
}

// rest runs what a Take left to do.
func (s *Server) rest(door string, conn net.Conn, f func()) {
	defer s.crowd.served()
	defer func() { s.fallen(recover(), door, conn) }()
	f()
}

// stay runs what a Take left to do for a connection that may need no goroutine for long.
func (s *Server) stay(door string, conn net.Conn, l *lease, f func(over func())) {
	defer func() {
		if v := recover(); v != nil {
			s.fallen(v, door, conn)
			l.served()
		}
	}()
	f(l.served)
}

// fallen ends a connection whose owner has panicked with v; nil: he has not.
func (s *Server) fallen(v any, door string, conn net.Conn) {
	if v != nil {
		s.p.Hooks.Panicked(door, newTracking(), v, debug.Stack())
		_ = conn.Close() // its owner is no more
	}
}

// sentence starts the codec's text as one.
func sentence(text string) string {
	if text != "" && text[0] >= 'a' && text[0] <= 'z' {
		return string(text[0]-'a'+'A') + text[1:]
	}
	return text
}
