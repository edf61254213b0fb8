//go:build unix

package cli

import (
	"os/signal"
	"syscall"
)

// brokenPipes are what this system says to who writes into a pipe that nobody reads any more.
var brokenPipes = []syscall.Errno{syscall.EPIPE}

// Unread has the process live on when nobody reads its output any more: a write then fails, and what was written is lost. It is for
// commands whose work is not their output, from where they begin with it; all others end silently, as programs in a pipe do.
func Unread() { signal.Ignore(syscall.SIGPIPE) }
