package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteNew writes a file that only its owner can read, since keys may be written into it. One that is there is left alone
// unless it may be overwritten.
func WriteNew(file string, b []byte, overwrite bool) error {
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if overwrite {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(file, mode, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists: give --force to overwrite it, or name another file", file)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the configuration: %w: make its folder %s first", err, filepath.Dir(file))
	}
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}
