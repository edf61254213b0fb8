package arch

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// layerOf gives the row that rules a package, nil when the table does not know it.
func layerOf(p string) *layer {
	i := slices.IndexFunc(table, func(l layer) bool { return matchAny(l.pkgs, p) })
	if i < 0 {
		return nil
	}
	return &table[i]
}

// checkImports compares the direct imports of every file with the table. Tests may import everything.
func checkImports(t *tree) []problem {
	var found []problem
	for _, p := range t.pkgs {
		l := layerOf(p.path)
		if l == nil {
			found = append(found, problem{p.path, ruleUnknown, "no row of the layer table names this package: add it to internal/arch/table_test.go, in the layer that architecture.md section 3 gives it"})
			continue
		}
		for _, f := range p.files {
			if f.test {
				continue
			}
			for _, i := range t.imports(f) {
				found = append(found, checkImport(l, i)...)
			}
			for of, allowed := range l.only {
				found = append(found, t.uses(f, of, func(name string) bool { return !slices.Contains(allowed, name) }, ruleStdlib,
					"layer "+l.name+" uses "+path.Base(of)+".%s: of "+of+" only "+strings.Join(allowed, ", "))...)
			}
		}
	}
	return found
}

func checkImport(l *layer, i imported) []problem {
	ours, isOurs := strings.CutPrefix(i.path, module+"/")
	switch {
	case i.path == module:
		return checkOurs(l, i, ".")
	case isOurs:
		return checkOurs(l, i, ours)
	case isStandard(i.path):
		if matchAny(l.deny, i.path) {
			return []problem{{i.where, ruleStdlib, fmt.Sprintf("layer %s never imports %q: hand the values in as parameters", l.name, i.path)}}
		}
	case !slices.ContainsFunc(l.ext, func(e string) bool { return e == "*" || i.path == e || strings.HasPrefix(i.path, e+"/") }):
		return []problem{{i.where, ruleExternal, fmt.Sprintf("layer %s may not import %q: use the standard library, or argue the module in docs/decisions and add it to the row", l.name, i.path)}}
	}
	return nil
}

func checkOurs(l *layer, i imported, ours string) []problem {
	other := layerOf(ours)
	if other != nil && other.test && !l.test {
		return []problem{{i.where, ruleTestOnly, fmt.Sprintf("%s is for tests: only tests import it", ours)}}
	}
	if !matchAny(l.may, ours) {
		name := "unknown"
		if other != nil {
			name = other.name
		}
		return []problem{{i.where, ruleLayer, fmt.Sprintf("layer %s may not import %s (layer %s): turn the dependency round, or take what is needed as a parameter", l.name, ours, name)}}
	}
	return nil
}

// isStandard tells a standard package by its first segment, which has no dot.
func isStandard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

// checkDecisions wants every module of others that the tree imports, tests included, named in a decision record.
func checkDecisions(t *tree, records string) []problem {
	var found []problem
	seen := map[string]bool{}
	for _, p := range t.pkgs {
		for _, f := range p.files {
			for _, i := range t.imports(f) {
				name := moduleOf(i.path)
				if name == "" || seen[name] {
					continue
				}
				seen[name] = true
				if !strings.Contains(records, name) {
					found = append(found, problem{i.where, ruleDecision, fmt.Sprintf("no page in docs/decisions names %s: write one with size, graph and licence", name)})
				}
			}
		}
	}
	return found
}

// moduleOf cuts an import path of others to what a record names: host/owner/name, or host/name where the host has no owners.
func moduleOf(p string) string {
	if isStandard(p) || p == module || strings.HasPrefix(p, module+"/") {
		return ""
	}
	parts := strings.Split(p, "/")
	n := 2
	if parts[0] == "github.com" || parts[0] == "golang.org" {
		n = 3
	}
	return strings.Join(parts[:min(n, len(parts))], "/")
}
