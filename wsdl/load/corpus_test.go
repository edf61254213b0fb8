package load_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// folder is a Source of the files below a folder.
type folder string

func (f folder) Open(base, location string) (url string, content []byte, err error) {
	if strings.Contains(location, "://") {
		return "", nil, fmt.Errorf("%s: %w", location, load.ErrRemote)
	}
	for _, name := range []string{location, strings.ReplaceAll(location, "%20", " ")} {
		path := filepath.Join(string(f), filepath.FromSlash(name))
		if base != "" {
			path = filepath.Join(filepath.Dir(base), filepath.FromSlash(name))
		}
		if content, err = os.ReadFile(path); err == nil || !errors.Is(err, os.ErrNotExist) {
			return path, content, err
		}
	}
	return "", nil, err
}

const corpus = "../../../shared/wsdl-corpus"

type kase struct{ name, main, class string }

func corpusCases(t *testing.T) []kase {
	f, err := os.Open(filepath.Join(corpus, "INDEX.tsv"))
	if err != nil {
		t.Skip("the corpus is not beside this checkout")
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []kase
	for _, row := range rows[1:] {
		all = append(all, kase{row[0], row[1], row[4]})
	}
	return all
}

func TestCorpus(t *testing.T) {
	counts := map[string]int{}
	for _, k := range corpusCases(t) {
		d, err := load.Load(folder(filepath.Join(corpus, k.name)), k.main, load.Limits{})
		if err != nil {
			t.Errorf("%s (%s): %v", k.name, k.class, err)
			continue
		}
		for _, p := range d.Problems {
			counts[p.Code]++
			if k.class == "local" && p.Level != model.Note {
				t.Logf("%s: %v", k.name, p)
			}
		}
	}
	t.Log(counts)
}
