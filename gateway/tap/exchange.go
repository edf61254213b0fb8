package tap

import (
	"io"
	"sync/atomic"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// Exchange shows one exchange to a group. The relay calls its methods as the exchange goes on.
type Exchange struct {
	group    *Group
	up, down body
}

// Exchange begins to show an exchange, with the head of its request.
func (g *Group) Exchange(s *Subject, req *shape.Request) *Exchange {
	x := &Exchange{group: g, up: body{group: g, about: *s, dir: In, size: sizeOf(req.Body)}, down: body{group: g, about: *s, dir: Out, size: -1}}
	g.tell(&Record{
		Subject: *s, Event: Request, Method: req.Method, Target: targetOf(&req.Hello), Action: req.Action, Fields: MaskFields(req.Fields),
	})
	return x
}

// Response shows the head of the response; by now the subject's listener is known. It comes before the first Down.
func (x *Exchange) Response(s *Subject, resp *shape.Response) {
	x.down.about, x.down.size = *s, sizeOf(resp.Body)
	x.group.tell(&Record{Subject: *s, Event: Response, Status: resp.Status, Reason: resp.Reason, Fields: MaskFields(resp.Fields)})
}

// Up is told of what was read of the request's body: a piece, or the end of it, or a whole body at once. It may be called from one
// goroutine at a time.
func (x *Exchange) Up(p []byte, end error) { x.up.saw(p, end) }

// Down is Up of the response's body.
func (x *Exchange) Down(p []byte, end error) { x.down.saw(p, end) }

// body is one direction of an exchange.
type body struct {
	group *Group
	about Subject
	dir   Direction
	size  int64 // that its head says; -1: unknown, so that only its reader's io.EOF ends it
	mask  Mask
	read  int64
	ended atomic.Bool
}

// sizeOf is what the head says of a body's length.
func sizeOf(b shape.Body) int64 {
	if b == nil {
		return -1
	}
	return b.Size()
}

// saw tells of a piece. Bodies in memory may be asked for their bytes more than once, and are shown once. A reader that knows the length
// takes so many bytes and never asks for io.EOF: then the last byte is the end.
func (b *body) saw(p []byte, end error) {
	if b.ended.Load() || len(p) == 0 && end == nil {
		return
	}
	last := end == io.EOF || b.size >= 0 && b.read+int64(len(p)) >= b.size //nolint:errorlint // io.Reader's own end
	if (last || end != nil) && b.ended.Swap(true) {
		return
	}
	if len(p) > 0 || last {
		b.group.piece(&Record{Subject: b.about, Event: Data, Dir: b.dir, Last: last}, &b.mask, p, b.read)
	}
	b.read += int64(len(p))
}
