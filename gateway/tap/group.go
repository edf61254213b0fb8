package tap

import (
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// Group is who looks at one relay. Its members may change; a Group that a connection got from the board stays good for its life.
type Group struct{ watchers atomic.Pointer[[]*Watch] }

func (g *Group) list() []*Watch {
	if l := g.watchers.Load(); l != nil {
		return *l
	}
	return nil
}

// tell gives every watcher a record without a piece.
func (g *Group) tell(r *Record) {
	r.Time = time.Now()
	for _, w := range g.list() {
		w.put(*r)
	}
}

// piece tells of a piece of payload that comes behind skipped bytes of the same body. Every watcher gets as much as it asked for, of a
// copy, masked: the piece itself goes on to its reader and is changed there.
func (g *Group) piece(r *Record, m *Mask, p []byte, skipped int64) {
	watchers := g.list()
	most := 0
	for _, w := range watchers {
		most = max(most, w.part(len(p), skipped))
	}
	var shown []byte
	if most > 0 {
		shown = append(shown, p...)
		m.Apply(shown) // all of it: a secret may go on in the next piece
	}
	r.Time, r.Size = time.Now(), len(p)
	for _, w := range watchers {
		own := *r
		own.Data = shown[:w.part(most, skipped)]
		w.put(own)
	}
}

// part is how many of the n bytes behind skipped ones the watcher is shown.
func (w *Watch) part(n int, skipped int64) int {
	return max(0, min(n, int(min(int64(w.bytes)-skipped, MaxBytes))))
}

// Message tells of a cast: the message, by how many listeners it was taken, as far as its sender is told, and by how many not.
func (g *Group) Message(s *Subject, m *shape.Message, taken, missed int) {
	var mask Mask
	r := Record{Subject: *s, Event: Message, Dir: In, Type: m.Type, Action: m.Action, Target: targetOf(&m.Hello), Last: true, Taken: taken, Lost: missed}
	g.piece(&r, &mask, m.Data, 0)
}

// End tells that a connection is over, or was refused: with the code, in words, and the bytes of both directions.
func (g *Group) End(s *Subject, reason, text string, in, out int64) {
	g.tell(&Record{Subject: *s, Event: End, Reason: reason, Text: text, In: in, Out: out})
}

// targetOf is what a head asks for.
func targetOf(h *shape.Hello) string {
	if h.Target != "" {
		return MaskTarget(h.Target)
	}
	return h.At.Path
}
