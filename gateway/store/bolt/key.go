package bolt

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

const (
	keySize        = 32             // AES-256
	credentialName = "causeway-key" // LoadCredential=causeway-key:/path in the unit
)

// loadKey reads the key: the credential where there is one, else key.bin. With neither it makes a key.bin, unless the
// store has sealed keys already: those would be lost. The store's lock is held.
func loadKey(dir, credentials string, sealed bool) ([]byte, error) {
	if credentials != "" {
		path := filepath.Join(credentials, credentialName)
		key, err := readKey(path, false) // systemd sets its mode
		if !errors.Is(err, fs.ErrNotExist) {
			return key, err
		}
	}
	path := filepath.Join(dir, keyFile)
	key, err := readKey(path, runtime.GOOS != "windows") // which has no such modes
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return key, err
	case sealed:
		return nil, fmt.Errorf("%w: %s is missing and the store holds keys that only it opens: bring it back, or move %s away and start anew",
			ErrKey, path, stateFile)
	}
	return makeKey(path)
}

// readKey reads a key file and judges it.
func readKey(path string, private bool) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if mode := info.Mode().Perm(); private && mode&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o, others can read it: run 'chmod 600 %s', and renew the keys if somebody may have", ErrKey, path, mode, path)
	}
	key, err := io.ReadAll(io.LimitReader(f, keySize+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("%w: %s has not exactly %d bytes: bring the right file back", ErrKey, path, keySize)
	}
	return key, nil
}

// makeKey makes a key file, whole and on the disk, or none.
func makeKey(path string) (key []byte, err error) {
	key = make([]byte, keySize)
	_, _ = rand.Read(key) // crypto/rand never fails: it ends the program instead
	f, err := os.CreateTemp(filepath.Dir(path), keyFile+".*")
	if err != nil {
		return nil, fmt.Errorf("make the key: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
			err = fmt.Errorf("make the key: %w", err)
		}
	}()
	_, err = f.Write(key)
	err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
	if err != nil {
		return nil, err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return nil, err
	}
	return key, syncDir(filepath.Dir(path))
}
