package limits

import (
	"encoding/binary"
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
	return accept(l, func(c *net.TCPConn) { h.sender(c, path) })
}

// sender is one sender of bytes, all its life.
func (h *HCRef) sender(c net.Conn, path string) {
	peer, err := h.rendezvous(path)
	if err != nil {
		c.Close()
		return
	}
	go carry(c, peer, &unmasker{data: true})
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
