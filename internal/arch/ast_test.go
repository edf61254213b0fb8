package arch

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
)

// checkPure looks into wire code: no goroutine, no clock. Time and scheduling belong to the caller.
func checkPure(t *tree) []problem {
	var found []problem
	for _, p := range t.pkgs {
		if l := layerOf(p.path); l == nil || !l.pure {
			continue
		}
		for _, f := range p.files {
			if f.test {
				continue
			}
			found = append(found, t.goStatements(f)...)
			found = append(found, t.uses(f, "time", isClock, ruleClock, "wire code has no clock: take the time as a parameter instead of time.%s")...)
		}
	}
	return found
}

func isClock(name string) bool {
	return slices.Contains([]string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick"}, name) || strings.HasPrefix(name, "New")
}

// checkSleep looks into all tests: one that sleeps is slow when it passes and flaky when it does not.
func checkSleep(t *tree) []problem {
	var found []problem
	for _, p := range t.pkgs {
		l := layerOf(p.path)
		for _, f := range p.files {
			if f.test || l != nil && l.name == "test" {
				found = append(found, t.uses(f, "time", func(name string) bool { return name == "Sleep" }, ruleSleep,
					"a test waits for an event (channel, condition, testing/synctest), never by time.%s")...)
			}
		}
	}
	return found
}

func (t *tree) goStatements(f *source) []problem {
	var found []problem
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if g, ok := n.(*ast.GoStmt); ok {
			found = append(found, problem{t.at(g.Pos()), ruleGo, "wire code starts no goroutine: the caller decides who waits"})
		}
		return true
	})
	return found
}

// uses finds names of one package that a file refers to. A dot import of it counts as a use: nothing could be seen after it.
func (t *tree) uses(f *source, importPath string, want func(name string) bool, r rule, text string) []problem {
	var found []problem
	for _, i := range t.imports(f) {
		if i.path != importPath {
			continue
		}
		if i.name == "." {
			found = append(found, problem{i.where, r, fmt.Sprintf(text, "* by a dot import")})
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if id, ok := s.X.(*ast.Ident); ok && id.Name == i.name && want(s.Sel.Name) {
				found = append(found, problem{t.at(s.Pos()), r, fmt.Sprintf(text, s.Sel.Name)})
			}
			return true
		})
	}
	return found
}

// systems are the file name endings that may hold code of one operating system. The last two need a go:build line as well.
var systems = []string{"_linux", "_windows", "_darwin", "_unix", "_other"}

// portable are the names of package syscall that exist, and mean the same, on every system we build for. Error numbers exist
// everywhere too, but Windows answers with others: only tests and their helpers, which play a network, may name them.
var (
	portable = []string{"SIGTERM", "SIGINT", "SIGHUP", "Conn", "RawConn", "Errno"}
	errno    = regexp.MustCompile(`^E[A-Z]+$`)
)

// checkSystem keeps code of one operating system in files named after it, so that Windows builds stay Windows builds.
func checkSystem(t *tree) []problem {
	var found []problem
	for _, p := range t.pkgs {
		for _, f := range p.files {
			stem := strings.TrimSuffix(strings.TrimSuffix(f.name, ".go"), "_test")
			system := ""
			for _, s := range systems {
				if strings.HasSuffix(stem, s) {
					system = s
				}
			}
			switch system {
			case "":
				l := layerOf(p.path)
				found = append(found, t.systemImports(f, f.test || l != nil && l.test)...)
			case "_unix", "_other":
				if !hasConstraint(f.ast) {
					found = append(found, problem{f.name + ":1", ruleSystem, "the go tool does not know the ending " + system + ": add a //go:build line"})
				}
			}
		}
	}
	return found
}

func (t *tree) systemImports(f *source, test bool) []problem {
	const advice = "code of one system belongs in a file ending in _linux, _windows, _darwin, _unix or _other"
	var found []problem
	for _, i := range t.imports(f) {
		if i.path == "golang.org/x/sys" || strings.HasPrefix(i.path, "golang.org/x/sys/") {
			found = append(found, problem{i.where, ruleSystem, advice})
		}
	}
	foreign := func(name string) bool {
		return !slices.Contains(portable, name) && !(test && errno.MatchString(name))
	}
	return append(found, t.uses(f, "syscall", foreign, ruleSystem, "syscall.%s: "+advice)...)
}

// hasConstraint looks for a go:build line before the package clause.
func hasConstraint(f *ast.File) bool {
	for _, group := range f.Comments {
		for _, c := range group.List {
			if c.Pos() < f.Package && strings.HasPrefix(c.Text, "//go:build ") {
				return true
			}
		}
	}
	return false
}
