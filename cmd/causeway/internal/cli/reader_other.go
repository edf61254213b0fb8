//go:build !linux

package cli

import "io"

// EndUnread does nothing here: a process whose output nobody reads ends with its next write.
func EndUnread(io.Writer) (stop func()) { return func() {} }

// OnUnread never calls f here: a write says that nobody reads.
func OnUnread(io.Writer, func()) (stop func()) { return func() {} }
