package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

// Limits of the house. Lines are lines of the file, comments included.
const (
	maxFile    = 700
	maxFunc    = 100
	maxPackage = 2500 // without tests and generated files
	minComment = 60   // characters of a package comment that says what the package owns
	minShare   = 90   // percent of exported names with a comment
)

// checkStyle measures files, functions and packages and counts comments. Generated files are not measured.
func checkStyle(t *tree) []problem {
	var found []problem
	for _, p := range t.pkgs {
		found = append(found, t.packageComment(p)...)
		found = append(found, t.exportedComments(p)...)
		total := 0
		for _, f := range p.code() {
			total += f.lines
		}
		if total > maxPackage {
			found = append(found, problem{p.path, rulePackage, fmt.Sprintf("%d lines without tests; a package stops at %d: split it", total, maxPackage)})
		}
		for _, f := range p.files {
			if f.generated {
				continue
			}
			if f.lines > maxFile {
				found = append(found, problem{f.name + ":1", ruleFile, fmt.Sprintf("%d lines; a file stops at %d: split it", f.lines, maxFile)})
			}
			found = append(found, t.longFunctions(f)...)
		}
	}
	return found
}

// packageComment wants one in some file that is no test. A package of tests only needs none.
func (t *tree) packageComment(p *pkg) []problem {
	code := p.code()
	if len(code) == 0 {
		return nil
	}
	longest := 0
	for _, f := range code {
		longest = max(longest, len(f.ast.Doc.Text()))
	}
	if longest >= minComment {
		return nil
	}
	return []problem{{p.path, ruleComment, "the package needs a comment that says what it owns, what it does not, and who may call it"}}
}

// exportedComments counts types, functions, methods of exported types, constants and variables. In a group the group's
// comment counts for its members, and so does a comment behind the name.
func (t *tree) exportedComments(p *pkg) []problem {
	names, commented := 0, 0
	var bare []string
	count := func(name *ast.Ident, has bool) {
		names++
		if has {
			commented++
			return
		}
		bare = append(bare, t.at(name.Pos())+" "+name.Name)
	}
	for _, f := range p.code() {
		for _, d := range f.ast.Decls {
			eachExported(d, count)
		}
	}
	if names == 0 || commented*100 >= names*minShare {
		return nil
	}
	return []problem{{p.path, ruleExported, fmt.Sprintf("%d of %d exported names have a comment, %d%% is the least; without: %s", commented, names, minShare, strings.Join(bare, ", "))}}
}

func eachExported(d ast.Decl, count func(name *ast.Ident, has bool)) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && exportedReceiver(d) {
			count(d.Name, d.Doc != nil)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					count(s.Name, s.Doc != nil || s.Comment != nil || d.Doc != nil && len(d.Specs) == 1)
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.IsExported() {
						count(n, s.Doc != nil || s.Comment != nil || d.Doc != nil)
					}
				}
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	exported := false
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if ok && !exported {
			exported = id.IsExported()
			return false
		}
		return true
	})
	return exported
}

// argued finds the line of a doc comment by which a long function says why it is one: "Long: one row for each code."
var argued = regexp.MustCompile(`(?m)^Long: .{10,}`)

func (t *tree) longFunctions(f *source) []problem {
	var found []problem
	for _, d := range f.ast.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		if n := t.height(fn); n > maxFunc && !argued.MatchString(fn.Doc.Text()) {
			found = append(found, problem{t.at(fn.Pos()), ruleFunc, fmt.Sprintf(
				"%s has %d lines; a function stops at %d: split it, or argue it in a line of its comment that starts with \"Long: \"", fn.Name.Name, n, maxFunc)})
		}
	}
	return found
}

func (t *tree) height(n ast.Node) int {
	line := func(p token.Pos) int { return t.fset.Position(p).Line }
	return line(n.End()) - line(n.Pos()) + 1
}
