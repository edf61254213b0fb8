package nodedoor

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
)

// asking is one exchange at the sender's node, from its connection until the head of the response.
type asking struct {
	p      *Pool
	c      *conn
	req    *shape.Request
	id     uint64
	node   uint16
	unsent bool    // after an error: the other node cannot have seen the whole head
	upload *upload // a goroutine sends the body, and has not said how it went; else nil
	failed bool    // the connection took no more of the body: it is of no use behind the answer
}

// ask sends the request and waits for the answer. The connection is in use afterwards, idle or ended.
func (a *asking) ask(ctx context.Context, channel uint64) (*shape.Response, shape.Ticket, error) {
	f := framingOf(a.req.Body)
	buf := buffers.Get().(*[writeBytes]byte)
	head := appendRequest(buf[:0], a.p.self, a.id, channel, a.req, f)
	if len(head) > maxHead {
		buffers.Put(buf)
		a.p.keep(a.c) // nothing was written
		return nil, shape.Ticket{}, fail.New(fail.HeadTooLarge, "The head of the request does not fit between nodes; send fewer or shorter headers.")
	}
	err := a.send(f, head, buf)
	if err == nil {
		err = a.await(ctx)
	}
	if err != nil {
		a.p.drop(a.c)
		if ctx.Err() != nil && a.req.Body != nil {
			a.p.left(a.node, a.id)
		}
		return nil, shape.Ticket{}, err
	}
	return a.receive()
}

// send writes the head, and the body as far as nobody has to be waited for; a goroutine sends any other. buf goes back when it is free.
func (a *asking) send(f http1.Framing, head []byte, buf *[writeBytes]byte) error {
	c := a.c
	c.wrote = 0
	_, whole := a.req.Body.(shape.Whole)
	var err error
	switch {
	case !prompt(a.req.Body, f):
		c.out.Reset(c, f, head)
		if err = c.out.Flush(); err == nil {
			up := &upload{sent: make(chan error, 1)}
			up.halves.Store(2)
			a.upload = up
			a.p.work.Go(func() {
				defer buffers.Put(buf)
				up.sent <- a.stream(whole)
				a.p.half(c, up)
			})
			return nil
		}
	case whole || f.Length == 0:
		err = c.send(head, f, a.req.Body)
	default:
		c.out.Reset(c, f, head)
		_, err = c.out.Copy(a.req.Body)
	}
	buffers.Put(buf)
	if broken := fault(err); broken != nil {
		return broken
	}
	if a.unsent = c.wrote < len(head); a.unsent {
		return fail.Wrap(fail.NodeLost, "send", err)
	}
	return nil // if the rest could not be written, the answer may be on its way all the same
}

// stream sends the body behind the head.
func (a *asking) stream(whole bool) (err error) {
	if !whole {
		_, err = a.c.out.Copy(a.req.Body)
		return err
	}
	if _, err = a.c.out.Write(a.req.Body.(shape.Whole).Bytes()); err == nil {
		err = a.c.out.Close()
	}
	return err
}

// await waits for the first byte of the answer. The end of the upload is no reason to stop, unless it was the sender's body that
// broke: the other node may have answered before it took all.
func (a *asking) await(ctx context.Context) error {
	var sent chan error
	if a.upload != nil {
		sent = a.upload.sent
	}
	lost := a.p.lost(a.node)
	for {
		select {
		case err := <-a.c.ready:
			if err != nil {
				return fail.Wrap(fail.NodeLost, "await the answer", err)
			}
			return nil
		case err := <-sent:
			sent, a.upload, a.failed = nil, nil, err != nil
			if broken := fault(err); broken != nil {
				return broken
			}
		case <-lost:
			return fail.New(fail.NodeLost, "")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// receive reads the head of the answer.
func (a *asking) receive() (*shape.Response, shape.Ticket, error) {
	h, err := a.c.readHead(http1.ReadResponse)
	var f http1.Framing
	var got answer
	if err == nil {
		f, err = http1.ResponseFraming(h, "POST")
	}
	if err == nil {
		got, err = decodeResponse(h)
	}
	if err != nil {
		a.p.drop(a.c)
		return nil, shape.Ticket{}, fail.Wrap(fail.NodeLost, "read the answer", err)
	}
	r := &reply{p: a.p, c: a.c, upload: a.upload, failed: a.failed, size: f.Length, id: a.id, node: a.node, body: a.req.Body != nil}
	a.c.in.Reset(a.c.src, f)
	if f.Kind == http1.Length && f.Length == 0 {
		r.finish()
		return got.resp, got.ticket, got.err
	}
	if f.Kind == http1.Chunked {
		r.size = -1
	}
	if got.err != nil { // an error has no body
		_ = r.Close()
		return nil, shape.Ticket{}, got.err
	}
	got.resp.Body = r
	return got.resp, got.ticket, nil
}

// reply is the body of a response. The connection goes back to the pool with its last byte.
type reply struct {
	p      *Pool
	c      *conn
	size   int64
	upload *upload // as of asking
	failed bool
	id     uint64
	node   uint16
	body   bool // the request has one
	state  atomic.Int32
}

// The states of a reply. Only while it is under way the connection is its own.
const (
	underway int32 = iota
	complete
	abandoned
)

// Size implements shape.Body.
func (r *reply) Size() int64 { return r.size }

// Buffered is how much Read gives without waiting.
func (r *reply) Buffered() int {
	if r.state.Load() != underway {
		return 0
	}
	return r.c.in.Buffered()
}

// Read implements shape.Body.
func (r *reply) Read(b []byte) (int, error) {
	switch r.state.Load() {
	case complete:
		return 0, io.EOF
	case abandoned:
		return 0, fail.New(fail.SenderGone, "The response was given up.")
	}
	n, err := r.c.in.Read(b)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		r.finish()
		return n, io.EOF
	default:
		return n, fail.Wrap(fail.ListenerLost, "read the response of another node", err)
	}
}

// finish gives the connection back, or leaves that to whoever still sends the request.
func (r *reply) finish() {
	if !r.state.CompareAndSwap(underway, complete) {
		return
	}
	switch {
	case r.upload != nil:
		r.p.half(r.c, r.upload)
	case r.failed:
		r.p.drop(r.c)
	default:
		r.p.put(r.c)
	}
}

// Close implements shape.Body: before the end, the other node sees that the sender has left.
func (r *reply) Close() error {
	if r.state.CompareAndSwap(underway, abandoned) {
		r.p.drop(r.c)
		if r.body {
			r.p.left(r.node, r.id)
		}
	}
	return nil
}
