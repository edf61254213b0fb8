//go:build unix

package connect

import (
	"errors"
	"io/fs"
	"syscall"
)

// nobodyThere reports whether a dial failed because nobody listens at the address.
func nobodyThere(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
}

// noFiles reports whether the process, or the machine, has no file descriptor left.
func noFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
