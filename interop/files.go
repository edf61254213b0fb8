package interop

import (
	"os"
	"path/filepath"
	"testing"
)

// ReadFile gives the content of a file that a story needs.
func ReadFile(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// WriteFile writes a file of a story, and the folders above it.
func WriteFile(t testing.TB, file string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
