package leg

import (
	"testing"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// TestWhole: a long read ends where a frame does, wherever the reader stands when it begins.
func TestWhole(t *testing.T) {
	for _, row := range []struct {
		name                  string
		stride, missing       int64
		held, room, want, end int // end: what is read, behind what is held and missing, as a multiple of the stride
	}{
		{"no frame was seen", 0, 0, 0, 1000, 1000, 0},
		{"at a frame's start", 300, 0, 0, 1000, 900, 3},
		{"with a part of a header", 300, 0, 5, 1000, 895, 3},
		{"inside a frame", 300, 120, 0, 1000, 720, 2},
		{"inside the last that fits", 300, 800, 0, 1000, 1000, 0},
		{"exactly", 500, 0, 0, 1000, 1000, 2},
		{"longer than the room", 1001, 0, 0, 1000, 1000, 0},
		{"longer than the room is missing", 300, 5000, 0, 1000, 1000, 0},
	} {
		s := source{stride: row.stride, missing: row.missing}
		s.in.start, s.in.end = bigGap, bigGap+row.held
		got := len(s.whole(make([]byte, row.room)))
		if got != row.want {
			t.Errorf("%s: %d bytes are read, not %d", row.name, got, row.want)
		}
		if row.end > 0 && int64(row.held+got) != row.missing+int64(row.end)*row.stride {
			t.Errorf("%s: %d bytes end inside a frame", row.name, got)
		}
	}
}

// TestBytesFitTheirFrames: the longest read of a connection of bytes becomes frames in its own buffer, without a copy elsewhere.
func TestBytesFitTheirFrames(t *testing.T) {
	var in inbox
	in.hold()
	in.grow()
	defer in.release()
	s := source{stride: bytesCut}
	s.in = in
	n := len(s.whole(s.in.room()))
	if n%bytesCut != 0 || n == 0 {
		t.Fatalf("a read of %d bytes", n)
	}
	for _, most := range []int{0, 32 << 10, 64 << 10} {
		w := &WS{role: wsframe.Server, maxPiece: most}
		start, total := w.plan([]shape.Piece{{Off: in.start, Len: n, Last: true}})
		if start < 0 || total <= n {
			t.Errorf("frames of at most %d: they begin at %d and are %d bytes long", most, start, total)
		}
	}
}
