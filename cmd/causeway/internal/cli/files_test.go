package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestWriteNew: nobody else can read the file, and none is overwritten unasked.
func TestWriteNew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := WriteNew(file, []byte("one"), false); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := WriteNew(file, []byte("two"), false); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("overwritten: %v", err)
	}
	if err := WriteNew(filepath.Join(file+"s", "f"), nil, true); err == nil || !strings.Contains(err.Error(), "make its folder "+file+"s first") {
		t.Errorf("written nowhere: %v", err)
	}
	if err := WriteNew(file, []byte("3"), true); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "3" {
		t.Errorf("%q, %v", b, err)
	}
}
