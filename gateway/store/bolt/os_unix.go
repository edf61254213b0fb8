//go:build !windows

package bolt

import (
	"errors"
	"os"
	"syscall"
)

// syncDir puts the names in a directory on the disk: a new file is not there after a power cut without it.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// abandon unlocks and closes a file that bbolt may have mapped: closing alone would leave the lock with the mapping.
func abandon(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	_ = f.Close()
}
