package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// EndUnread ends the process once nobody reads out any more, silently and by the signal that the next write would bring: it is for commands
// that may wait for hours before they write, as in 'causeway tail | head -1'. That takes a pipe or a socket, and Linux; elsewhere the
// process ends with its next write. stop ends the watch, and must be called before the command returns.
func EndUnread(out io.Writer) (stop func()) {
	return OnUnread(out, func() {
		_, _ = out.Write([]byte{'\n'}) // brings SIGPIPE; where the command lives on all the same, it is told by its own writes
	})
}

// OnUnread calls f once nobody reads out any more, where EndUnread would end the process; elsewhere never. stop ends the watch, and must be
// called before the command returns.
func OnUnread(out io.Writer, f func()) (stop func()) {
	file, ok := out.(*os.File)
	if !ok {
		return func() {}
	}
	reader, err := readerOf(file)
	if err != nil {
		return func() {} // a file or a terminal has no reader to lose
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if gone(reader) {
			f()
		}
	}()
	return func() {
		_ = reader.Close() // ends the wait
		<-done
	}
}

// readerOf is a file that can be read from once f has no reader: an epoll instance of its own, which asks of f for errors alone. The runtime's
// poller waits for it as for any other file, so no thread does; f itself stays as it is, since other processes may write there too.
func readerOf(f *os.File) (*os.File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) == 0 {
		return nil, errors.ErrUnsupported
	}
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	raw, err := f.SyscallConn()
	if err == nil {
		no := raw.Control(func(fd uintptr) {
			err = syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, int(fd), &syscall.EpollEvent{}) // errors and hang-ups are always told
		})
		err = errors.Join(no, err, syscall.SetNonblock(epoll, true)) // what is not so the poller does not take
	}
	if err != nil {
		_ = syscall.Close(epoll)
		return nil, err
	}
	return os.NewFile(uintptr(epoll), "epoll"), nil
}

// gone waits until there is no reader, and reports that; false when reader was closed before.
func gone(reader *os.File) bool {
	raw, err := reader.SyscallConn()
	if err != nil {
		return false
	}
	told := false
	err = raw.Read(func(fd uintptr) (done bool) {
		var events [1]syscall.EpollEvent
		n, err := syscall.EpollWait(int(fd), events[:], 0)
		told = n > 0
		return told || err != nil && !errors.Is(err, syscall.EINTR)
	})
	return err == nil && told
}
