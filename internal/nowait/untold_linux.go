//go:build linux && (amd64 || arm64 || riscv64) && !race && !msan && !asan

package nowait

import (
	"syscall"
	"unsafe"
)

// better says that the scheduler need not be told here. The race detector and its like learn from package syscall.
const better = true

func read(fd uintptr, p []byte) (int, error) {
	if len(p) > Most {
		return syscall.Read(int(fd), p)
	}
	return call(syscall.SYS_RECVFROM, fd, p, syscall.MSG_DONTWAIT)
}

func peek(fd uintptr, p []byte) (int, error) {
	return call(syscall.SYS_RECVFROM, fd, p[:min(len(p), Most)], syscall.MSG_DONTWAIT|syscall.MSG_PEEK)
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
