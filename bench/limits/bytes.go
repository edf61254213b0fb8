package limits

import (
	"encoding/binary"
	"errors"
	"net"
)

// ServeBytes takes senders of bytes at an address, for the listener of a path: a door for TCP before a Hybrid Connections listener, as bare as
// HCRef. In one direction a header is put before what was read, in the other headers and masks are taken off. It serves until
// the listener fails.
func (h *HCRef) ServeBytes(addr, path string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go h.sender(c, path)
	}
}

// sender is one sender of bytes, all its life.
func (h *HCRef) sender(c net.Conn, path string) {
	peer, err := h.rendezvous(path)
	if err != nil {
		c.Close()
		return
	}
	go strip(c, peer)
	wrap(peer.conn, c)
}

// headRoom is for the longest header of a frame to a client (RFC 6455 section 5.2).
const headRoom = 10

// wrap carries bytes to a listener, a frame for each read. It waits on a small buffer and takes a big one while reads fill it.
func wrap(dst, src net.Conn) {
	defer dst.Close()
	defer src.Close()
	small := make([]byte, headRoom+waiting)
	var big *[]byte
	for buf := small; ; {
		n, err := src.Read(buf[headRoom:])
		if err != nil {
			_, _ = dst.Write([]byte{0x88, 2, 3, 232}) // the sender has left: 1000. A listener that has left too hears nothing
			return
		}
		if _, err := dst.Write(frame(buf, n)); err != nil {
			return
		}
		switch {
		case n >= fullRead && big == nil:
			big = bufs.Get().(*[]byte)
			buf = *big
		case n < fullRead && big != nil:
			bufs.Put(big)
			big, buf = nil, small
		}
	}
}

// frame puts the header of a binary message right before the n bytes behind the room for it.
func frame(buf []byte, n int) []byte {
	switch {
	case n < 126:
		buf[headRoom-2], buf[headRoom-1] = 0x82, byte(n)
		return buf[headRoom-2 : headRoom+n]
	case n < 1<<16:
		buf[headRoom-4], buf[headRoom-3] = 0x82, 126
		binary.BigEndian.PutUint16(buf[headRoom-2:], uint16(n))
		return buf[headRoom-4 : headRoom+n]
	default:
		buf[0], buf[1] = 0x82, 127
		binary.BigEndian.PutUint64(buf[2:], uint64(n))
		return buf[:headRoom+n]
	}
}

// strip carries what a listener's messages hold.
func strip(dst net.Conn, src *side) {
	defer dst.Close()
	defer src.conn.Close()
	small := make([]byte, waiting)
	var big *[]byte
	buf, have := small, 0
	var s stripper
	for {
		n, err := src.reader().Read(buf[have:])
		if err != nil {
			return
		}
		out, kept, over := s.turn(buf[:have+n])
		if len(out) > 0 {
			if _, err := dst.Write(out); err != nil {
				return
			}
		}
		switch {
		case over != nil:
			return
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

// errBye is the end of a listener that said so.
var errBye = errors.New("close frame")

// stripper takes the headers and the masks off a stream of frames, in place.
type stripper struct {
	unmasker

	control bool // the present frame is not data
	bye     bool // and it is the last
}

// turn rewrites b. out is what the data frames held, kept the bytes at the end of b that are an incomplete header, over why nothing follows.
func (s *stripper) turn(b []byte) (out, kept []byte, over error) {
	w := 0
	for i := 0; i < len(b); {
		if s.left == 0 {
			size, payload, ok := parseHeader(b[i:])
			if !ok {
				return b[:w], b[i:], nil
			}
			s.control, s.bye = b[i]&8 != 0, b[i]&15 == 8
			copy(s.key[:4], b[i+size-4:i+size])
			copy(s.key[4:], s.key[:4])
			s.place, s.left = 0, payload
			i += size
		}
		if s.bye {
			return b[:w], nil, errBye
		}
		n := int(min(s.left, int64(len(b)-i)))
		if !s.control {
			copy(b[w:], b[i:i+n])
			s.place = unmask(b[w:w+n], s.key, s.place)
			w += n
		}
		i += n
		s.left -= int64(n)
	}
	return b[:w], nil, nil
}
