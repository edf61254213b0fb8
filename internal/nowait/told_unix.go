//go:build unix && (!linux || !(amd64 || arm64 || riscv64) || race || msan || asan)

package nowait

import "syscall"

// better says that the scheduler is told of each read and write here, so that a Conn can as well leave them to package net.
const better = false

func read(fd uintptr, p []byte) (int, error) { return syscall.Read(int(fd), p) }

func peek(fd uintptr, p []byte) (int, error) {
	n, _, err := syscall.Recvfrom(int(fd), p, syscall.MSG_PEEK)
	return n, err
}

func write(fd uintptr, p []byte) (int, error) { return syscall.Write(int(fd), p) }

func shutdown(fd uintptr) error { return syscall.Shutdown(int(fd), syscall.SHUT_WR) }

func peerName(fd uintptr) error {
	_, err := syscall.Getpeername(int(fd))
	return err
}
