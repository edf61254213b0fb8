package tap

import (
	"time"

	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Stream shows one stream to a group: it is a flow.Tap. Pieces of one direction come from one goroutine.
type Stream struct {
	group *Group
	about Subject
	masks [2]Mask
}

// Stream makes the tap for a stream that runs.
func (g *Group) Stream(s *Subject) *Stream { return &Stream{group: g, about: *s} }

// Open tells that a stream begins to run.
func (g *Group) Open(s *Subject) { g.tell(&Record{Subject: *s, Event: Open}) }

// Running tells one watcher of a stream that ran before its watch began.
func (w *Watch) Running(s *Subject) { w.put(Record{Subject: *s, Event: Open, Time: time.Now()}) }

// Saw implements flow.Tap: one record for each piece, with as many bytes as one watcher asked for of any one.
func (t *Stream) Saw(dir uint8, b *shape.Batch) {
	way := In
	if dir == flow.Back {
		way = Out
	}
	for _, p := range b.Pieces {
		r := Record{Subject: t.about, Event: Data, Dir: way, Words: p.Text, Last: p.Last}
		t.group.piece(&r, &t.masks[dir], b.Buf[p.Off:p.Off+p.Len], 0)
	}
}
