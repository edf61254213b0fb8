//go:build unix && (!linux || !(amd64 || arm64 || riscv64) || race || msan || asan)

package nowait

import "syscall"

// better says that the scheduler is told of each read and write here, so that a Conn can as well leave them to package net.
const better = false

func read(fd uintptr, p []byte, flags int) (int, error) { return told(fd, p, flags) }

func write(fd uintptr, p []byte) (int, error) { return syscall.Write(int(fd), p) }

func shutdown(fd uintptr) error { return syscall.Shutdown(int(fd), syscall.SHUT_WR) }

func peerName(fd uintptr) error {
	_, err := syscall.Getpeername(int(fd))
	return err
}
