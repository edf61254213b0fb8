package limits

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
)

// parseHeader reads a masked frame's header (RFC 6455 section 5.2); ok is false while some of it is missing.
func parseHeader(b []byte) (size int, payload int64, ok bool) {
	if len(b) < 2 {
		return 0, 0, false
	}
	size, payload = 2, int64(b[1]&0x7f)
	switch payload {
	case 126:
		if len(b) < 4 {
			return 0, 0, false
		}
		size, payload = 4, int64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if len(b) < 10 {
			return 0, 0, false
		}
		size, payload = 10, int64(binary.BigEndian.Uint64(b[2:])&^(1<<63))
	}
	size += 4
	return size, payload, len(b) >= size
}

// unmask applies the key, which stands twice in key, from a place in it, and gives the next place.
func unmask(b []byte, key [8]byte, place int) int {
	var turned [8]byte
	for i := range turned {
		turned[i] = key[(place+i)&3]
	}
	word := binary.LittleEndian.Uint64(turned[:])
	i := 0
	for ; i+32 <= len(b); i += 32 {
		s := b[i : i+32 : i+32]
		binary.LittleEndian.PutUint64(s, binary.LittleEndian.Uint64(s)^word)
		binary.LittleEndian.PutUint64(s[8:], binary.LittleEndian.Uint64(s[8:])^word)
		binary.LittleEndian.PutUint64(s[16:], binary.LittleEndian.Uint64(s[16:])^word)
		binary.LittleEndian.PutUint64(s[24:], binary.LittleEndian.Uint64(s[24:])^word)
	}
	for ; i < len(b); i++ {
		b[i] ^= turned[i&7]
	}
	return (place + len(b)) & 3
}

// unmasker turns a stream of masked frames into one of bare frames, in place: headers only shrink, so everything moves to
// the front. A frame passes as it arrives and is never collected.
type unmasker struct {
	data bool // for a reader of bytes: only what the data frames hold comes out, and a Close ends it

	left  int64   // payload of the present frame still to come
	key   [8]byte // its mask, twice
	place int     // in the mask
	drop  bool    // the present frame does not come out
	over  bool    // nothing follows
}

// turn rewrites b. out is what to send, kept the bytes at the end of b that are an incomplete header.
func (u *unmasker) turn(b []byte) (out, kept []byte) {
	w := 0
	for i := 0; i < len(b); {
		if u.left == 0 {
			size, payload, ok := parseHeader(b[i:])
			if !ok {
				return b[:w], b[i:]
			}
			copy(u.key[:4], b[i+size-4:i+size])
			copy(u.key[4:], u.key[:4])
			u.place, u.left = 0, payload
			if u.data {
				u.drop, u.over = b[i]&8 != 0, b[i]&15 == 8
			} else {
				copy(b[w:], b[i:i+size-4])
				b[w+1] &= 0x7f
				w += size - 4
			}
			i += size
		}
		if u.over {
			return b[:w], nil
		}
		n := int(min(u.left, int64(len(b)-i)))
		if !u.drop {
			copy(b[w:], b[i:i+n])
			u.place = unmask(b[w:w+n], u.key, u.place)
			w += n
		}
		i += n
		u.left -= int64(n)
	}
	return b[:w], nil
}

// side is one WebSocket client at the gateway.
type side struct {
	conn net.Conn
	br   *bufio.Reader // may hold bytes that came behind the handshake
}

// fullRead is a read that makes a stream busy.
const fullRead = 2000

// pump carries frames in one direction until it ends.
func pump(dst net.Conn, src *side) { carry(dst, src, &unmasker{}) }

// carry carries what u makes of one direction until that ends. It waits on a small buffer and takes a big one while reads fill it.
func carry(dst net.Conn, src *side, u *unmasker) {
	defer dst.Close()
	defer src.conn.Close()
	small := make([]byte, waiting)
	var big *[]byte
	buf, have := small, 0
	for !u.over {
		n, err := src.reader().Read(buf[have:])
		if err != nil {
			return
		}
		out, kept := u.turn(buf[:have+n])
		if len(out) > 0 {
			if _, err := dst.Write(out); err != nil {
				return
			}
		}
		switch {
		case n >= fullRead && big == nil:
			big = bufs.Get().(*[]byte)
			buf = *big
			have = copy(buf, kept)
		case n < fullRead && big != nil:
			have = copy(small, kept)
			bufs.Put(big)
			big, buf = nil, small
		default:
			have = copy(buf, kept)
		}
	}
}

// reader gives the buffered bytes first; an idle stream keeps no reader.
func (s *side) reader() io.Reader {
	if s.br != nil && s.br.Buffered() > 0 {
		return s.br
	}
	if s.br != nil {
		readers.Put(s.br)
		s.br = nil
	}
	return s.conn
}

// text is a whole frame of text to a client. It is short: an accept message.
func text(payload string) []byte {
	b := []byte{0x81, 126, byte(len(payload) >> 8), byte(len(payload))}
	if len(payload) < 126 {
		b = []byte{0x81, byte(len(payload))}
	}
	return append(b, payload...)
}
