package load

import (
	"bytes"
	"fmt"
)

// Block is how much one write of a bulk cell carries.
const Block = 64 << 10

// period of the bytes that every stream carries. It is a prime, so that no loss or repetition of whole blocks, frames or
// buffers goes unseen.
const period = 65521

// stream is what a stream carries, long enough for a block from any place of the period.
var stream = func() []byte {
	b := make([]byte, period+Block)
	for i := range b {
		b[i] = byte(uint32(i%period) * 2654435761 >> 24)
	}
	return b
}()

// at gives n bytes, at most a block, that stand at a position of every stream.
func at(pos int64, n int) []byte { return stream[pos%period:][:n] }

// Comparing costs a tenth of what reading costs, so after a first stretch only some reads are compared. Each still shows
// that nothing was lost before it, by its position.
const (
	checkAll   = 1 << 20 // bytes at the start that are all compared
	checkEvery = 16      // reads afterwards
)

// checker compares what arrives on a stream with what was sent.
type checker struct {
	pos   int64
	reads int
}

// took takes the next bytes of the stream.
func (c *checker) took(b []byte) error {
	c.reads++
	if c.pos < checkAll || c.reads%checkEvery == 0 {
		for done := 0; done < len(b); done += Block {
			part := b[done:min(len(b), done+Block)]
			if !bytes.Equal(part, at(c.pos+int64(done), len(part))) {
				return fmt.Errorf("bytes within %d behind position %d are not those that were sent", len(part), c.pos+int64(done))
			}
		}
	}
	c.pos += int64(len(b))
	return nil
}
