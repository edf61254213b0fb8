//go:build !unix

package stdio

import "io"

// finish does nothing: standard output is no socket here.
func finish(io.Writer) {}

// unread reports nothing here: a write that fails is a loss.
func unread(error) bool { return false }
