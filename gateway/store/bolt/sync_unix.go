//go:build !windows

package bolt

import (
	"errors"
	"os"
)

// syncDir puts the names in a directory on the disk: a new file is not there after a power cut without it.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
