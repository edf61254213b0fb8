package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write puts a file into a folder of the test and gives its path. Mode 0600: nothing to warn of.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load loads a text as causeway.yaml, with an environment that holds nothing but env. In the problems the path of the
// file is cut to its name.
func load(t *testing.T, text string, env []string, flags map[string]string) (*Config, Problems) {
	t.Helper()
	path := write(t, "causeway.yaml", text)
	c, problems := Load(Params{File: path, Env: append([]string{"HOME=/home/u"}, env...), Flags: flags})
	for i := range problems {
		p := &problems[i]
		p.File = strings.ReplaceAll(p.File, path, "causeway.yaml")
		p.Message = strings.ReplaceAll(p.Message, path, "causeway.yaml")
	}
	return c, problems
}

func lines(p Problems) []string {
	if len(p) == 0 {
		return nil
	}
	return strings.Split(p.Error(), "\n")
}
