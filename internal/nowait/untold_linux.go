//go:build linux && (amd64 || arm64 || riscv64) && !race && !msan && !asan

package nowait

import (
	"syscall"
	"unsafe"
)

// better says that the scheduler need not be told here. The race detector and its like learn from package syscall.
const better = true

func read(fd uintptr, p []byte, flags int) (int, error) {
	if len(p) > Most {
		return told(fd, p, flags)
	}
	return call(syscall.SYS_RECVFROM, fd, p, uintptr(flags)|syscall.MSG_DONTWAIT)
}

func write(fd uintptr, p []byte) (int, error) {
	if len(p) > Most {
		return syscall.Write(int(fd), p)
	}
	return call(syscall.SYS_SENDTO, fd, p, syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL)
}

// call is recv(2) or send(2). With MSG_DONTWAIT neither waits, whatever the descriptor's mode.
func call(trap, fd uintptr, p []byte, flags uintptr) (int, error) {
	at := unsafe.Pointer(unsafe.SliceData(p)) //nolint:gosec // as package syscall does; the conversion below keeps it alive
	n, _, errno := syscall.RawSyscall6(trap, fd, uintptr(at), uintptr(len(p)), flags, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// shutdown is shutdown(2) of what is sent, which does not wait either: the kernel sends what is left by itself.
func shutdown(fd uintptr) error {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SHUTDOWN, fd, syscall.SHUT_WR, 0); errno != 0 {
		return errno
	}
	return nil
}

// peerName is the error of getpeername(2). The address itself is not wanted.
func peerName(fd uintptr) error {
	var address syscall.RawSockaddrAny
	length := uint32(syscall.SizeofSockaddrAny)
	a, l := unsafe.Pointer(&address), unsafe.Pointer(&length) //nolint:gosec // as package syscall does; the conversions below keep them alive
	if _, _, errno := syscall.RawSyscall(syscall.SYS_GETPEERNAME, fd, uintptr(a), uintptr(l)); errno != 0 {
		return errno
	}
	return nil
}
