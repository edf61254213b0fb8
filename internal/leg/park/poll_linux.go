package park

import (
	"errors"
	"os"
	"syscall"
)

// readyMost is how many connections are told of at a time.
const readyMost = 128

// poll is an epoll of our own. It stands in Go's, so that waiting for it takes no thread.
type poll struct {
	file    *os.File
	raw     syscall.RawConn
	look    func(fd uintptr) bool // made once
	events  [readyMost]syscall.EpollEvent
	numbers [readyMost]uint64

	// What the last look brought.
	n   int
	err error
}

func newPoll() (*poll, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	_ = syscall.SetNonblock(fd, true) // so that package os takes it for something that can be waited for
	p := &poll{file: os.NewFile(uintptr(fd), "epoll")}
	p.look = p.attempt
	if p.raw, err = p.file.SyscallConn(); err != nil {
		_ = p.file.Close() // the error says more
		return nil, err
	}
	return p, nil
}

// watch asks to be told once when a descriptor can be read; known says that it was asked before. The number comes back. A descriptor
// that can be read already is told of at once; one that is closed is forgotten by the kernel.
func (p *poll) watch(fd uintptr, number uint64, known bool) error {
	how := syscall.EPOLL_CTL_ADD
	if known {
		how = syscall.EPOLL_CTL_MOD
	}
	event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLRDHUP | syscall.EPOLLONESHOT, Fd: int32(uint32(number)), Pad: int32(uint32(number >> 32))}
	var refused error
	err := p.raw.Control(func(own uintptr) { refused = syscall.EpollCtl(int(own), how, int(fd), &event) })
	return errors.Join(err, refused)
}

// ready waits, and gives the numbers of those that can be read. They are valid until the next call. One goroutine calls it; an error
// says that the poll was closed.
func (p *poll) ready() ([]uint64, error) {
	if err := p.raw.Read(p.look); err != nil {
		return nil, err
	}
	for i := range p.n {
		e := &p.events[i]
		p.numbers[i] = uint64(uint32(e.Pad))<<32 | uint64(uint32(e.Fd))
	}
	return p.numbers[:p.n], p.err
}

// attempt looks once and reports false when there is nothing.
func (p *poll) attempt(fd uintptr) bool {
	for {
		p.n, p.err = syscall.EpollWait(int(fd), p.events[:], 0)
		if !errors.Is(p.err, syscall.EINTR) {
			break
		}
	}
	p.n = max(p.n, 0)
	return p.n > 0 || p.err != nil
}

// close ends ready.
func (p *poll) close() { _ = p.file.Close() } // nothing was written
