package arch

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// rule names one thing the layer test checks. Each has at least one violating tree in testdata, see TestBites.
type rule string

const (
	ruleParse    rule = "parse"    // the file is not Go
	ruleUnknown  rule = "unknown"  // the package has no row in the table
	ruleLayer    rule = "layer"    // imports a package of ours that its layer may not
	ruleExternal rule = "external" // imports a module of others that its layer may not
	ruleStdlib   rule = "stdlib"   // imports a standard package that its layer never touches
	ruleTestOnly rule = "testonly" // imports a helper of tests from code that is no test
	ruleGo       rule = "go"       // wire code starts a goroutine
	ruleClock    rule = "clock"    // wire code looks at the clock
	ruleSleep    rule = "sleep"    // a test sleeps
	ruleSystem   rule = "system"   // code of one operating system in a file for all
	ruleComment  rule = "comment"  // the package has no comment
	ruleExported rule = "exported" // too few exported names have a comment
	ruleFile     rule = "file"     // the file is too long
	ruleFunc     rule = "func"     // the function is too long and does not say why
	rulePackage  rule = "package"  // the package is too long
	ruleDecision rule = "decision" // a module of others has no decision record
	ruleLink     rule = "link"     // a page links to a file that is not there
)

// problem is one finding: where, which rule, and what to do.
type problem struct {
	where string // file:line, or a folder
	rule  rule
	text  string
}

func (p problem) String() string { return fmt.Sprintf("%s: [%s] %s", p.where, p.rule, p.text) }

// source is one parsed file.
type source struct {
	name      string // path from the root of the tree
	ast       *ast.File
	lines     int
	test      bool
	generated bool
}

// pkg is one folder with Go files in it; tests of both kinds included.
type pkg struct {
	path  string // folder from the root of the tree, "." for the root
	files []*source
}

// code gives the files that are neither tests nor generated.
func (p *pkg) code() []*source {
	return slices.DeleteFunc(slices.Clone(p.files), func(f *source) bool { return f.test || f.generated })
}

// tree is all Go source of the project. Modules below the root count too, save tools, which has no code of ours.
type tree struct {
	fset *token.FileSet
	pkgs []*pkg
}

// load parses every Go file below root and reports those that are not Go.
func load(root fs.FS) (*tree, []problem, error) {
	t := &tree{fset: token.NewFileSet()}
	byPath := map[string]*pkg{}
	var found []problem
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipped(name) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		if broken := t.add(byPath, name, text); broken != nil {
			found = append(found, problem{name, ruleParse, broken.Error()})
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("walk the tree: %w", err)
	}
	return t, found, nil
}

// add parses one file into its package.
func (t *tree) add(byPath map[string]*pkg, name string, text []byte) error {
	file, err := parser.ParseFile(t.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir := path.Dir(name)
	p := byPath[dir]
	if p == nil {
		p = &pkg{path: dir}
		byPath[dir] = p
		t.pkgs = append(t.pkgs, p)
	}
	p.files = append(p.files, &source{
		name:      name,
		ast:       file,
		lines:     bytes.Count(text, []byte("\n")),
		test:      strings.HasSuffix(name, "_test.go"),
		generated: ast.IsGenerated(file),
	})
	return nil
}

// skipped tells folders that hold no source of ours. A folder that only Go ignores ("_x", testdata) is skipped too.
func skipped(dir string) bool {
	base := path.Base(dir)
	if dir != "." && (base[0] == '.' || base[0] == '_') {
		return true
	}
	return slices.Contains([]string{"tools", "bin", "out"}, dir) || slices.Contains([]string{"testdata", "node_modules", "vendor"}, base)
}

// imported is one import of a file: its path, the name the file calls it by, and where.
type imported struct {
	path, name, where string
}

func (t *tree) imports(f *source) []imported {
	all := make([]imported, 0, len(f.ast.Imports))
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has reported it
		}
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		all = append(all, imported{p, name, t.at(spec.Pos())})
	}
	return all
}

// at gives file:line.
func (t *tree) at(p token.Pos) string {
	pos := t.fset.Position(p)
	return pos.Filename + ":" + strconv.Itoa(pos.Line)
}

// match tells whether a pattern of the table covers a path.
func match(pattern, p string) bool {
	if rest, ok := strings.CutPrefix(pattern, "**/"); ok {
		for {
			if match(rest, p) {
				return true
			}
			_, tail, more := strings.Cut(p, "/")
			if !more {
				return false
			}
			p = tail
		}
	}
	if pattern == "**" {
		return true
	}
	base, below := strings.CutSuffix(pattern, "/**")
	want := strings.Split(base, "/")
	have := strings.Split(p, "/")
	if len(have) < len(want) || len(have) > len(want) && !below {
		return false
	}
	for i, w := range want {
		if w != "*" && w != have[i] {
			return false
		}
	}
	return true
}

func matchAny(patterns []string, p string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return match(pattern, p) })
}
