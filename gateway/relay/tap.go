package relay

import (
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/tap"
)

// Watch begins to look at what passes a relay, of the senders of this node: streams that run already, and everything that comes. The
// caller closes the watch. It asks for no right: that is the caller's. The end of the relay ends the watch.
func (r *Relay) Watch(at entity.Address, o tap.Options) (*tap.Watch, error) {
	w, err := r.taps.Watch(at, o)
	if err != nil {
		return nil, err
	}
	for _, s := range of(r, r.streams, at) {
		if s.running.Load() {
			w.Running(s.record.Subject())
			s.show()
		}
	}
	return w, nil
}

// unwatched lets streams go on as if nobody had ever looked: spliced, if they can be.
func (r *Relay) unwatched(at entity.Address) {
	for _, s := range of(r, r.streams, at) {
		s.live.Watch(nil)
		s.show() // for somebody who has come meanwhile
	}
}

// show hangs the entity's watchers onto a stream that runs, if there are any.
func (s *stream) show() {
	if g := s.relay.taps.Of(s.entity.At); g != nil && s.running.Load() && !s.live.Watched() {
		s.live.Watch(g.Stream(s.record.Subject()))
	}
}

// opened tells watchers of a stream that begins to run. One who comes at the same moment may be told twice.
func (s *stream) opened() {
	if g := s.relay.taps.Of(s.entity.At); g != nil {
		g.Open(s.record.Subject())
		s.show()
	}
}

// show has watchers see the exchange from here on: the head now, the bodies as they are read.
func (x *transfer) show() {
	if g := x.relay.taps.Of(x.entity.At); g != nil {
		x.seen = g.Exchange(x.record.Subject(), x.Request())
		x.Look(x.seen.Up, x.seen.Down)
	}
}

// answered shows the head of the response.
func (x *transfer) answered(resp *shape.Response) {
	if x.seen != nil {
		x.seen.Response(x.record.Subject(), resp)
	}
}

// show has watchers see a message that was cast, and by how many it was taken.
func (p *Pass) show(m *shape.Message, o *Outcome) {
	if g := p.relay.taps.Of(p.entity.At); g != nil {
		g.Message(p.record.Subject(), m, o.Taken, o.Misses())
	}
}

// showEnd tells watchers that a connection is over or was refused. ent is nil when it is not known what the sender wanted.
func (r *Relay) showEnd(ent *entity.Entity, c *Record) {
	if ent == nil {
		return
	}
	if g := r.taps.Of(ent.At); g != nil {
		g.End(c.Subject(), string(c.Reason), c.Text, c.In, c.Out)
	}
}
