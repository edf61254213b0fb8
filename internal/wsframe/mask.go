package wsframe

import (
	"encoding/binary"
	"math/bits"
)

// Mask masks or unmasks b in place, RFC 6455 section 5.3. pos is how many payload bytes of the same frame went before b,
// modulo 4 or not; the result is the pos of the byte behind b, modulo 4, so that a payload may come in pieces:
//
//	pos = Mask(piece, h.Key, pos)
//
// Pieces may begin at any address and have any length.
func Mask(b []byte, key [4]byte, pos int) int {
	next := (pos + len(b)) & 3
	k := bits.RotateLeft32(binary.LittleEndian.Uint32(key[:]), -8*(pos&3))
	kk := uint64(k)<<32 | uint64(k)
	for len(b) >= 32 {
		p := (*[32]byte)(b)
		binary.LittleEndian.PutUint64(p[0:8], binary.LittleEndian.Uint64(p[0:8])^kk)
		binary.LittleEndian.PutUint64(p[8:16], binary.LittleEndian.Uint64(p[8:16])^kk)
		binary.LittleEndian.PutUint64(p[16:24], binary.LittleEndian.Uint64(p[16:24])^kk)
		binary.LittleEndian.PutUint64(p[24:32], binary.LittleEndian.Uint64(p[24:32])^kk)
		b = b[32:]
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^kk)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(k)
		k = bits.RotateLeft32(k, -8)
	}
	return next
}
