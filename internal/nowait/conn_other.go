//go:build !unix

package nowait

import "errors"

// ErrNothing is for systems where Read, Peek and Write work.
var ErrNothing = errors.New("nowait: nothing to read")

// Able says that Read, Peek and Write do not work here: what is read, is read through package net.
const Able = false

const better = false

// Read does not work here.
func Read(uintptr, []byte) (int, error) { return 0, ErrNothing }

// Peek does not work here.
func Peek(uintptr, []byte) error { return ErrNothing }

// Write does not work here.
func Write(uintptr, []byte) (int, error) { return 0, ErrNothing }
