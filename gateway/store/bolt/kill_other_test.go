//go:build !linux

package bolt

import "testing"

// writer has nothing to do: seccomp, which shows a process its own fsync, is Linux's.
func writer(string) {}

func TestKillLosesNothing(t *testing.T) {
	t.Skip("SKIPPED: only Linux can show a process its own fsync")
}
