package arch

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// check runs every rule over a tree and gives the problems in the order of their places.
func check(root fs.FS) ([]problem, error) {
	t, found, err := load(root)
	if err != nil {
		return nil, err
	}
	records, err := decisions(root)
	if err != nil {
		return nil, err
	}
	links, err := checkLinks(root)
	if err != nil {
		return nil, err
	}
	found = slices.Concat(found, links, checkImports(t), checkDecisions(t, records), checkPure(t), checkSleep(t), checkSystem(t), checkStyle(t))
	slices.SortStableFunc(found, func(a, b problem) int { return strings.Compare(a.where, b.where) })
	return found, nil
}

// decisions gives the text of all decision records of a tree.
func decisions(root fs.FS) (string, error) {
	names, err := fs.Glob(root, "docs/decisions/*.md")
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, name := range names {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return "", err
		}
		all.Write(text)
	}
	return all.String(), nil
}

// TestTree holds the project's own tree against every rule.
func TestTree(t *testing.T) {
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatalf("the test must run inside the tree: %v", err)
	}
	found, err := check(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found {
		t.Error(p)
	}
}

// TestBites runs the rules over small trees in testdata that each break some. The comment of an archive lists what must be
// found, one "where rule" a line, and nothing else may be; an archive that lists nothing is a tree in order.
// A rule that no archive breaks is not tested, and fails.
func TestBites(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	bitten := map[rule]bool{}
	for _, name := range names {
		t.Run(strings.TrimSuffix(path.Base(filepath.ToSlash(name)), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			found, err := check(treeOf(archive))
			if err != nil {
				t.Fatal(err)
			}
			got := []string{}
			for _, p := range found {
				got = append(got, p.where+" "+string(p.rule))
				bitten[p.rule] = true
			}
			want := wanted(string(archive.Comment))
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s\n%v", diff, found)
			}
		})
	}
	all := []rule{
		ruleParse, ruleUnknown, ruleLayer, ruleExternal, ruleStdlib, ruleTestOnly, ruleGo, ruleClock, ruleSleep, ruleSystem,
		ruleComment, ruleExported, ruleFile, ruleFunc, rulePackage, ruleDecision, ruleLink,
	}
	for _, r := range all {
		if !bitten[r] {
			t.Errorf("no archive in testdata breaks rule %q", r)
		}
	}
}

// wanted reads "where rule" lines; other lines of a comment, which start with #, are prose.
func wanted(comment string) []string {
	want := []string{}
	for line := range strings.Lines(comment) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' {
			want = append(want, line)
		}
	}
	return want
}

// treeOf makes a tree of an archive. A line "// repeat N" is replaced by N lines of comment, so that long files stay short here.
func treeOf(a *txtar.Archive) fs.FS {
	root := fstest.MapFS{}
	for _, f := range a.Files {
		root[f.Name] = &fstest.MapFile{Data: []byte(repeat(string(f.Data)))}
	}
	return root
}

// repeat writes the comment lines that "// repeat N" stands for.
func repeat(text string) string {
	return repeated.ReplaceAllStringFunc(text, func(line string) string {
		n, err := strconv.Atoi(repeated.FindStringSubmatch(line)[1])
		if err != nil {
			return line
		}
		return strings.Repeat("// a line\n", n)
	})
}

var repeated = regexp.MustCompile(`(?m)^\s*// repeat (\d+)\n`)

// TestMatch fixes the meaning of the table's patterns.
func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"soap/**", "soap", true},
		{"soap/**", "soap/wsa/x", true},
		{"soap/**", "soapy", false},
		{"**/wire/**", "hybrid/wire", true},
		{"**/wire/**", "hybrid/wire/v2", true},
		{"**/wire/**", "wire", true},
		{"**/wire/**", "hybrid/wired", false},
		{"hybrid", "hybrid", true},
		{"hybrid", "hybrid/entry", false},
		{"bridge/convert/*/**", "bridge/convert", false},
		{"bridge/convert/*/**", "bridge/convert/h1", true},
		{"bridge/convert/*/**", "bridge/convert/h1/x", true},
		{"**", "anything/at/all", true},
	} {
		if got := match(c.pattern, c.path); got != c.want {
			t.Errorf("match(%q, %q) = %v", c.pattern, c.path, got)
		}
	}
}
