package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Cache gives a folder of the user's that outlives the test: for what is compiled once, under a name made of its sources.
func Cache(t testing.TB) string {
	t.Helper()
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir() //nolint:usetesting // no home: the build is made again after a restart, not for each test
	}
	dir := filepath.Join(base, "causeway-interop")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Install puts a finished file into the cache in one step, so that nobody ever sees half of it.
func Install(fresh, target string) error {
	b, err := os.ReadFile(fresh)
	if err != nil {
		return fmt.Errorf("install %s: %w", target, err)
	}
	f, err := os.CreateTemp(filepath.Dir(target), "fresh-")
	if err != nil {
		return fmt.Errorf("install %s: %w", target, err)
	}
	defer os.Remove(f.Name()) // does nothing once it was renamed
	if _, err = f.Write(b); err == nil {
		err = f.Chmod(0o755)
	}
	if end := f.Close(); err == nil {
		err = end
	}
	if err == nil {
		err = os.Rename(f.Name(), target)
	}
	if err != nil {
		return fmt.Errorf("install %s: %w", target, err)
	}
	return nil
}
