// Package wsdltest gives tests of packages under wsdl real descriptions: a Source of files, and the corpus that lies beside the checkout.
package wsdltest

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// Folder is a Source of files below a folder. Locations elsewhere are ErrRemote.
type Folder string

// Open reads a file beside the one that names it.
func (f Folder) Open(base, location string) (file string, content []byte, err error) {
	if strings.Contains(location, "://") {
		return "", nil, fmt.Errorf("%s: %w", location, load.ErrRemote)
	}
	dir := string(f)
	if base != "" {
		dir = filepath.Dir(base)
	}
	plain, err := url.PathUnescape(location)
	if err != nil {
		plain = location
	}
	for _, name := range []string{location, plain} {
		file = filepath.Join(dir, filepath.FromSlash(name))
		if content, err = os.ReadFile(file); err == nil || !errors.Is(err, os.ErrNotExist) {
			return file, content, err
		}
	}
	return "", nil, err
}

// Documents is a Source of documents in memory, by location.
type Documents map[string]string

// Open gives a document, or an error that is os.ErrNotExist.
func (d Documents) Open(_, location string) (file string, content []byte, err error) {
	text, ok := d[location]
	if !ok {
		return "", nil, fmt.Errorf("%s: %w", location, os.ErrNotExist)
	}
	return location, []byte(text), nil
}

// Case is one description of the corpus.
type Case struct {
	Name, Main string
	Local      bool // all that it imports is there
}

// Root is where the corpus lies: beside the checkout.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		root := filepath.Join(dir, "shared", "wsdl-corpus")
		if _, err := os.Stat(filepath.Join(root, "INDEX.tsv")); err == nil {
			return root
		}
		if dir == filepath.Dir(dir) {
			t.Skip("shared/wsdl-corpus is not beside this checkout")
		}
	}
}

// Index lists the descriptions of a corpus, by the INDEX.tsv in its folder.
func Index(corpus string) ([]Case, error) {
	f, err := os.Open(filepath.Join(corpus, "INDEX.tsv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	var all []Case
	for _, row := range rows[1:] {
		all = append(all, Case{Name: row[0], Main: row[1], Local: row[4] == "local"})
	}
	return all, nil
}

// Cases lists the corpus; the test is skipped where it is not there.
func Cases(t testing.TB) []Case {
	t.Helper()
	all, err := Index(Root(t))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Some lists every seventh case of the corpus, and all of it in the tiers with foreign programs, which run without the race detector: for
// tests that take a second or more a case under it.
func Some(t testing.TB) []Case {
	t.Helper()
	all := Cases(t)
	if os.Getenv("CAUSEWAY_INTEROP") != "" {
		return all
	}
	var some []Case
	for i := 0; i < len(all); i += 7 {
		some = append(some, all[i])
	}
	return some
}

// Load reads a case.
func (c Case) Load(t testing.TB) *model.Description {
	t.Helper()
	d, err := load.Load(Folder(filepath.Join(Root(t), c.Name)), c.Main, load.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	return d
}
