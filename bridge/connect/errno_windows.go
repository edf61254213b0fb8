package connect

import (
	"errors"
	"io/fs"
	"syscall"
)

// Errors of Winsock that package syscall has no names for.
const (
	wsaEMFILE       syscall.Errno = 10024
	wsaECONNREFUSED syscall.Errno = 10061
)

// nobodyThere reports whether a dial failed because nobody listens at the address.
func nobodyThere(err error) bool {
	return errors.Is(err, wsaECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
}

// noFiles reports whether the process has no socket left.
func noFiles(err error) bool { return errors.Is(err, wsaEMFILE) }
