package casts

import (
	"context"
	"errors"
	"mime"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// CloseWait is how long a peer has to answer the gateway's Close: a node without streams stops within a second.
const CloseWait = 500 * time.Millisecond

// Line is the connection on which a listener gets messages. It is opened when a message comes and there is none.
type Line struct {
	mu    sync.Mutex
	leg   shape.Leg // nil: there is none
	read  *reader   // of the latest
	shut  bool
	asked Invitation  // nil: nobody waits for a connection
	then  func(error) // who does

	// Of Deliver: the write that is under way.
	ctx     context.Context //nolint:containedctx // of one call
	writes  shape.Leg
	stop    func() bool // of the watch over it; nil: it does not wait for the listener
	waiting func()      // watch, made once
}

// Deliver writes messages with one stroke, on the connection that is there or one that the listener opens, for which it waits then.
func (l *Line) Deliver(ctx context.Context, invite func() Invitation, messages ...*shape.Message) error {
	leg, err := l.wait(ctx, invite)
	if err != nil {
		return err
	}
	b := batchOf(messages)
	err = l.write(ctx, leg, &b.Batch)
	b.give()
	if err != nil {
		l.lose(leg)
		return fail.Wrap(fail.ListenerLost, "cast", err)
	}
	return nil
}

// write writes a batch. When ctx ends before the listener has taken it, the connection is lost.
func (l *Line) write(ctx context.Context, leg shape.Leg, b *shape.Batch) error {
	l.ctx, l.writes, l.stop = ctx, leg, nil
	defer l.unwatch()
	if patient, ok := leg.(shape.Patient); ok {
		if l.waiting == nil {
			l.waiting = l.watch
		}
		return patient.WritePatient(b, l.waiting)
	}
	l.watch()
	return leg.Write(b)
}

// watch has the connection aborted when the time of the write is over.
func (l *Line) watch() {
	if l.stop == nil {
		ctx, leg := l.ctx, l.writes
		l.stop = context.AfterFunc(ctx, func() { leg.Abort(&shape.End{Why: fail.Of(context.Cause(ctx)).Code}) })
	}
}

func (l *Line) unwatch() {
	if l.stop != nil {
		l.stop()
	}
	l.ctx, l.writes = nil, nil
}

// batch is what is written with one stroke. The next gets its room.
type batch struct {
	shape.Batch

	buf []byte
}

// Rooms of batches: what many short messages take together, and what one does. The rest is not kept.
const (
	smallRoom = 1 << 10
	largeRoom = 20 << 10
)

var smallBatches, largeBatches sync.Pool // of *batch

// batchOf makes a WebSocket message of each: of text if that is what its type says and it is.
func batchOf(messages []*shape.Message) *batch {
	size := 0
	for _, m := range messages {
		size += shape.Headroom + len(m.Data)
	}
	b := take(size)
	b.Buf, b.Pieces = b.buf[:0], b.Pieces[:0]
	for _, m := range messages {
		off := len(b.Buf) + shape.Headroom // the leg writes the header before it
		b.Buf = append(b.Buf[:off], m.Data...)
		b.Pieces = append(b.Pieces, shape.Piece{Off: off, Len: len(m.Data), Text: saysText(m), Last: true})
	}
	return b
}

// take gives a batch of at least so much room.
func take(size int) *batch {
	pool, room := &largeBatches, largeRoom
	switch {
	case size <= smallRoom:
		pool, room = &smallBatches, smallRoom
	case size > largeRoom:
		return &batch{buf: make([]byte, size)}
	}
	if b, ok := pool.Get().(*batch); ok {
		return b
	}
	return &batch{buf: make([]byte, room)}
}

// give has the next one use the room.
func (b *batch) give() {
	switch len(b.buf) {
	case smallRoom:
		smallBatches.Put(b)
	case largeRoom:
		largeBatches.Put(b)
	}
}

// errBinary says that a message is no text.
var errBinary = errors.New("casts: binary")

// saysText reports whether a message goes as text. It is found out once for all of its listeners.
func saysText(m *shape.Message) bool {
	_, err := m.As("text of a WebSocket", asText)
	return err == nil
}

func asText(m *shape.Message) ([]byte, error) {
	if isText(m.Type) && utf8.Valid(m.Data) {
		return nil, nil
	}
	return nil, errBinary
}

// isText reports whether people can read what has the media type.
func isText(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	_, sub, _ := strings.Cut(media, "/")
	switch {
	case strings.HasPrefix(media, "text/"), strings.HasSuffix(sub, "+json"), strings.HasSuffix(sub, "+xml") && sub != "xop+xml":
		return true
	}
	return sub == "json" || sub == "xml" || sub == "javascript"
}

// wait gives the connection; for one that has to be opened it waits. Until it stands nothing of the message has left.
func (l *Line) wait(ctx context.Context, invite func() Invitation) (shape.Leg, error) {
	l.mu.Lock()
	leg := l.leg
	l.mu.Unlock()
	if leg != nil {
		return leg, nil
	}
	over := ctx.Done() // ahead of all that may wait
	came := make(chan error, 1)
	if inv := invite(); !l.Open(ctx, inv, func(err error) { came <- err }) {
		var err error
		select {
		case err = <-came:
		case <-over:
			if inv.Cancel() {
				l.came(nil, context.Cause(ctx))
			}
			err = <-came
		}
		if err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.leg == nil {
		return nil, gone() // it has ended already
	}
	return l.leg, nil
}

// Opened reports whether the connection is there.
func (l *Line) Opened() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leg != nil
}

// Open has the listener asked for a connection, where there is none. It is shape.Inviter's. One is asked for at a time.
func (l *Line) Open(ctx context.Context, inv Invitation, then func(error)) (open bool) {
	l.mu.Lock()
	switch {
	case l.leg != nil:
		l.mu.Unlock()
		return true
	case l.shut:
		l.mu.Unlock()
		then(gone())
		return false
	}
	l.asked, l.then = inv, then
	l.mu.Unlock()
	inv.Ask(ctx, l.came)
	return false
}

// gone says that a listener has left with nothing of a message.
func gone() error { return &shape.Untaken{Err: fail.New(fail.ListenerLost, "")} }

// came takes the connection that was asked for, or why there is none, and tells who waits.
func (l *Line) came(leg shape.Leg, err error) {
	if err != nil {
		err = &shape.Untaken{Err: err}
	}
	l.mu.Lock()
	then := l.then
	l.asked, l.then = nil, nil
	late := err == nil && l.shut
	if err == nil && !late {
		r := &reader{line: l, leg: leg}
		r.over.Add(1)
		l.leg, l.read = leg, r
		go r.begin() // Close and lose wait for its end
	}
	l.mu.Unlock()
	if late {
		leg.Abort(&shape.End{Why: fail.ListenerLost, Code: wsframe.CloseGoingAway})
		leg.Close()
		err = gone()
	}
	then(err)
}

// reader reads a connection until it ends: what a listener says there is for nobody. While nothing is said it needs no goroutine, where the
// connection can be parked.
type reader struct {
	line  *Line
	leg   shape.Leg
	over  sync.WaitGroup // of the connection
	batch shape.Batch
}

// begin is run of a connection on which nothing is expected.
func (r *reader) begin() {
	if idler, ok := r.leg.(shape.Idler); ok {
		idler.Lull(true)
	}
	r.run()
}

// run reads on, at the beginning and whenever the connection is woken.
func (r *reader) run() {
	idler, _ := r.leg.(shape.Idler)
	for {
		err := r.leg.Read(&r.batch)
		if err == shape.ErrLull { //nolint:errorlint // it comes bare
			r.batch = shape.Batch{} // its buffer is others' by now
			if idler.Park(r.run) {
				return
			}
			continue
		}
		if err != nil {
			r.line.forget(r.leg)
			r.over.Done()
			return
		}
	}
}

// forget takes a connection that has ended out.
func (l *Line) forget(leg shape.Leg) {
	l.mu.Lock()
	if l.leg == leg {
		l.leg = nil
	}
	l.mu.Unlock()
	_ = leg.CloseWrite(&shape.End{Why: fail.PeerClosed, Code: wsframe.CloseNormal})
	leg.Close()
}

// lose ends a connection that failed.
func (l *Line) lose(leg shape.Leg) {
	l.mu.Lock()
	read := l.read
	l.mu.Unlock()
	leg.Abort(&shape.End{Why: fail.ListenerLost})
	read.over.Wait()
}

// Close ends the connection in order, and lets none begin. The listener's control channel has ended.
func (l *Line) Close() {
	l.mu.Lock()
	l.shut = true
	leg, read, asked := l.leg, l.read, l.asked
	l.mu.Unlock()
	if asked != nil && asked.Cancel() {
		l.came(nil, fail.New(fail.ListenerLost, ""))
	}
	if leg == nil {
		return
	}
	guard := time.AfterFunc(CloseWait, func() { leg.Abort(&shape.End{Why: fail.Idle}) })
	defer guard.Stop()
	_ = leg.CloseWrite(&shape.End{Why: fail.PeerClosed, Code: wsframe.CloseGoingAway, Text: "The listener has left."})
	read.over.Wait()
}
