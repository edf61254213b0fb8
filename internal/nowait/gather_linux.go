//go:build linux && (amd64 || arm64 || riscv64) && !race && !msan && !asan

package nowait

import (
	"net"
	"os"
	"sync"
	"syscall"
	"unsafe"
)

// gatherParts is how many buffers leave in one system call.
const gatherParts = 16

// gathered is one gathered write, which may have to wait between two tries. Its function is made once.
type gathered struct {
	left net.Buffers // what is still to be written; of the caller
	n    int64
	err  error

	parts [gatherParts]syscall.Iovec
	head  syscall.Msghdr
	write func(fd uintptr) bool
}

var gathers = sync.Pool{New: func() any {
	g := new(gathered)
	g.write = g.try
	g.head.Iov = &g.parts[0]
	return g
}}

// gather implements gatherer.
func (c *Conn) gather(all *net.Buffers) (int64, error) {
	if c.raw == nil {
		return all.WriteTo(c.TCPConn)
	}
	g := gathers.Get().(*gathered) //nolint:forcetypeassert // the pool holds nothing else
	g.left, g.n, g.err = *all, 0, nil
	waited := c.raw.Write(g.write)
	n, err := g.n, g.err
	*all = g.left
	g.left, g.err = nil, nil
	clear(g.parts[:])
	gathers.Put(g)
	return n, c.failed("write", err, waited)
}

// try writes until there is no room, or all has left.
func (g *gathered) try(fd uintptr) bool {
	for g.layOut(); g.head.Iovlen > 0; g.layOut() {
		at := unsafe.Pointer(&g.head) //nolint:gosec // as package syscall does; the conversion below keeps it alive
		n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDMSG, fd, uintptr(at), syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0, 0)
		switch errno {
		case 0:
			g.n += int64(n)
			g.consume(int(n))
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			g.err = os.NewSyscallError("write", errno)
			return true
		}
	}
	return true
}

// layOut points the system call at what is left.
func (g *gathered) layOut() {
	n := 0
	for _, p := range g.left {
		if n == gatherParts {
			break
		}
		if len(p) == 0 {
			continue
		}
		g.parts[n].Base = &p[0]
		g.parts[n].SetLen(len(p))
		n++
	}
	g.head.Iovlen = uint64(n)
}

// consume takes out what has left, as net.Buffers does.
func (g *gathered) consume(n int) {
	for len(g.left) > 0 {
		first := &g.left[0]
		if len(*first) > n {
			*first = (*first)[n:]
			return
		}
		n -= len(*first)
		*first = nil
		g.left = g.left[1:]
	}
}
