package mesh

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// maxServing is how many asks of one node run here at once; the next is answered with Overloaded.
const maxServing = 1024

// call is an ask that waits for its answer. Guarded by Member.mu until done is closed.
type call struct {
	to   Num
	done chan struct{}
	body []byte
	err  error
}

// Ask implements Bus. The handler's ctx ends when the asker's does. An ask is sent once: where the engine loses it, or
// its answer, it ends with ctx.
func (m *Member) Ask(ctx context.Context, to Num, kind string, b []byte) ([]byte, error) {
	if err := checkBody("ask", kind, b); err != nil {
		return nil, err
	}
	if to == m.node.Num {
		return m.askSelf(ctx, kind, b)
	}
	m.mu.Lock()
	id, c, err := m.callLocked(to, kind, b)
	m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case <-c.done:
		return c.body, c.err
	case <-ctx.Done():
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.calls[id] != c {
		return c.body, c.err // answered at the last moment
	}
	delete(m.calls, id)
	if p := m.peers[to]; p != nil {
		_ = m.sendLocked(to, p.epoch, &message{class: classCancel, id: id}) // lost: the handler runs on and its answer is dropped
	}
	return nil, givenUp(ctx, to, kind)
}

func checkBody(op, kind string, b []byte) error {
	switch {
	case kind == "" || !text(kind, maxKind):
		return fail.Newf(fail.Internal, "%q is no kind of message between nodes", kind).At(op, "", "")
	case len(b) > MaxBody:
		return fail.Newf(fail.TooLarge, "a message between nodes has at most %d bytes, this one %d", MaxBody, len(b)).At(op, kind, "")
	}
	return nil
}

func (m *Member) callLocked(to Num, kind string, b []byte) (uint64, *call, error) {
	if m.closed {
		return 0, nil, errLeft.At("ask", kind, "")
	}
	p := m.peers[to]
	if p == nil {
		return 0, nil, lost(to).At("ask", kind, "")
	}
	m.nextCall++
	c := &call{to: to, done: make(chan struct{})}
	m.calls[m.nextCall] = c
	if err := m.sendLocked(to, p.epoch, &message{class: classAsk, id: m.nextCall, kind: kind, body: b}); err != nil {
		delete(m.calls, m.nextCall)
		return 0, nil, fail.Wrap(fail.Overloaded, "ask", err)
	}
	return m.nextCall, c, nil
}

func lost(n Num) *fail.Error { return fail.Newf(fail.NodeLost, "node %d is gone", n) }

// askSelf runs the handler on the caller's goroutine; errors look as if they had travelled.
func (m *Member) askSelf(ctx context.Context, kind string, b []byte) ([]byte, error) {
	m.mu.Lock()
	h, closed := m.handlers[kind], m.closed
	m.mu.Unlock()
	if closed {
		return nil, errLeft.At("ask", kind, "")
	}
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(m.ctx, func() { cancel(errLeft) })()
	body, err := m.handle(run, h, m.node.Num, kind, b)
	switch {
	case err == nil && len(body) > MaxBody:
		return nil, tooLong(body)
	case err == nil:
		return body, nil
	case ctx.Err() != nil:
		return nil, givenUp(ctx, m.node.Num, kind)
	}
	return nil, newWireError(err).fail()
}

// givenUp is the end of an ask whose asker does not wait any more.
func givenUp(ctx context.Context, to Num, kind string) error {
	return fmt.Errorf("ask node %d for %s: %w", to, kind, context.Cause(ctx))
}

func tooLong(body []byte) error {
	return fail.Newf(fail.TooLarge, "an answer between nodes has at most %d bytes, this one %d", MaxBody, len(body))
}

// endCallLocked gives a call its end.
func (m *Member) endCallLocked(id uint64, c *call, body []byte, err error) {
	delete(m.calls, id)
	c.body, c.err = body, err
	close(c.done)
}

// endCallsLocked ends every ask to a node that is gone.
func (m *Member) endCallsLocked(n Num) {
	for id, c := range m.calls {
		if c.to == n {
			m.endCallLocked(id, c, nil, lost(n).At("ask", "", ""))
		}
	}
}

func (m *Member) receiveAnswerLocked(p *peer, msg *message) {
	c := m.calls[msg.id]
	if c == nil || c.to != p.node.Num {
		return // given up
	}
	if msg.fault != nil {
		m.endCallLocked(msg.id, c, nil, msg.fault.fail())
		return
	}
	m.endCallLocked(msg.id, c, msg.body, nil)
}

// receiveAskLocked runs the handler on a goroutine of its own, which Close waits for.
func (m *Member) receiveAskLocked(p *peer, msg *message) {
	from, epoch := p.node.Num, p.epoch
	if p.serving[msg.id] != nil {
		return // it came twice
	}
	if len(p.serving) >= maxServing {
		m.answerLocked(from, epoch, msg.id, nil, fail.Newf(fail.Overloaded, "node %d runs %d asks of node %d", m.node.Num, maxServing, from))
		return
	}
	ctx, cancel := context.WithCancelCause(m.ctx)
	p.serving[msg.id] = cancel
	h := m.handlers[msg.kind]
	m.wg.Go(func() {
		body, err := m.handle(ctx, h, from, msg.kind, msg.body)
		cancel(nil)
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.peers[from] != p {
			return // whoever asked is gone
		}
		delete(p.serving, msg.id)
		m.answerLocked(from, epoch, msg.id, body, err)
	})
}

func (m *Member) receiveCancelLocked(p *peer, msg *message) {
	if cancel := p.serving[msg.id]; cancel != nil {
		cancel(context.Canceled)
	}
}

func (m *Member) answerLocked(to Num, epoch, id uint64, body []byte, err error) {
	if err == nil && len(body) > MaxBody {
		err = tooLong(body)
	}
	msg := &message{class: classAnswer, id: id, body: body}
	if err != nil {
		msg.body, msg.fault = nil, newWireError(err)
	}
	_ = m.sendLocked(to, epoch, msg) // lost: the asker's context ends it
}

// handle runs a handler; a panic becomes Internal, so that one request cannot end the node.
func (m *Member) handle(ctx context.Context, h handler, from Num, kind string, b []byte) (body []byte, err error) {
	if h == nil {
		return nil, fail.Newf(fail.Starting, "node %d does not serve %q", m.node.Num, kind)
	}
	defer func() {
		if r := recover(); r != nil {
			body, err = nil, fail.Wrap(fail.Internal, kind, fmt.Errorf("panic: %v\n%s", r, debug.Stack()))
		}
	}()
	return h(ctx, from, b)
}

// Handle implements Bus. An ask of a kind without a handler is answered with Starting, a tell of it is dropped.
func (m *Member) Handle(kind string, f func(ctx context.Context, from Num, b []byte) ([]byte, error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handlers[kind] = f
}

// newWireError makes an error fit to travel. What is no *fail.Error is Internal; causes travel as their text.
func newWireError(err error) *wireError {
	f := fail.Of(err)
	e := &wireError{
		code: clip(string(f.Code)), op: clip(f.Op), target: clip(f.Target), tracking: clip(f.Tracking), text: clip(f.Text),
		status: uint64(max(f.Status, 0)),
	}
	if f.Cause != nil {
		e.cause = clip(f.Cause.Error())
	}
	return e
}

func clip(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxText)], "")
}

func (e *wireError) fail() *fail.Error {
	f := &fail.Error{
		Code: fail.Code(e.code), Op: e.op, Target: e.target, Tracking: e.tracking, Text: e.text,
		Status: int(min(e.status, 999)),
	}
	if e.cause != "" {
		f.Cause = errors.New(e.cause)
	}
	return f
}
