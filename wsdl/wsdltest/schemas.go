package wsdltest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beevik/etree"
)

const nsSchema = "http://www.w3.org/2001/XMLSchema"

// Schemas writes the schemas of a bundled description into a folder, one file for each, and a last one that imports all. It gives the
// name of that one.
func Schemas(t testing.TB, dir string, bundle []byte) (driver string) {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(bundle); err != nil {
		t.Fatal(err)
	}
	var all []*etree.Element
	files := map[string]string{}
	for _, s := range doc.FindElements("//schema") {
		if s.NamespaceURI() != nsSchema || s.Parent().Tag != "types" {
			continue
		}
		all = append(all, s)
		files[s.SelectAttrValue("targetNamespace", "")] = fmt.Sprintf("s%d.xsd", len(all))
	}
	var imports strings.Builder
	for i, s := range all {
		alone := etree.NewDocument()
		alone.SetRoot(withScope(s))
		for _, k := range alone.Root().ChildElements() {
			if file := files[k.SelectAttrValue("namespace", "")]; k.Tag == "import" && file != "" {
				k.CreateAttr("schemaLocation", file)
			}
		}
		file := fmt.Sprintf("s%d.xsd", i+1)
		if err := alone.WriteToFile(filepath.Join(dir, file)); err != nil {
			t.Fatal(err)
		}
		space := s.SelectAttrValue("targetNamespace", "")
		if space != "" {
			space = ` namespace="` + strings.ReplaceAll(space, "&", "&amp;") + `"`
		}
		fmt.Fprintf(&imports, "<xs:import%s schemaLocation=%q/>\n", space, file)
	}
	driver = filepath.Join(dir, "all.xsd")
	text := fmt.Sprintf("<xs:schema xmlns:xs=%q targetNamespace=\"urn:all\">\n%s</xs:schema>\n", nsSchema, imports.String())
	if err := os.WriteFile(driver, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return driver
}

// withScope copies an element with all declarations that hold where it stands.
func withScope(e *etree.Element) *etree.Element {
	out := e.Copy()
	for up := e.Parent(); up != nil; up = up.Parent() {
		for _, a := range up.Attr {
			declares := a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns"
			if declares && out.SelectAttr(a.FullKey()) == nil {
				out.CreateAttr(a.FullKey(), a.Value)
			}
		}
	}
	return out
}

// Xmllint is the program that judges documents by schemas; the test is skipped where it is not there.
func Xmllint(t testing.TB) string {
	t.Helper()
	program, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed (Debian: libxml2-utils)")
	}
	return program
}

// Validate judges documents by a schema and gives what xmllint says of each that is not valid, "" for those that are. judged is false
// where xmllint cannot load the schema; why is then what it says of it.
func Validate(t testing.TB, driver string, documents []string) (complaints []string, judged bool, why string) {
	t.Helper()
	dir := t.TempDir()
	args := []string{"--noout", "--nonet", "--schema", driver}
	names := make([]string, len(documents))
	for i, text := range documents {
		names[i] = filepath.Join(dir, fmt.Sprintf("d%d.xml", i))
		if err := os.WriteFile(names[i], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	complaints = make([]string, len(documents))
	const batch = 500
	for from := 0; from < len(names); from += batch {
		cmd := exec.CommandContext(t.Context(), Xmllint(t), append(args, names[from:min(from+batch, len(names))]...)...)
		out, _ := cmd.CombinedOutput() // the exit code only says that something is not valid
		if strings.Contains(string(out), "failed to compile") {
			return nil, false, string(out)
		}
		for i := from; i < min(from+batch, len(names)); i++ {
			if strings.Contains(string(out), names[i]+" validates\n") {
				continue
			}
			complaints[i] = "xmllint says nothing of it"
			for line := range strings.Lines(string(out)) {
				if strings.HasPrefix(line, names[i]+":") {
					complaints[i] = strings.TrimPrefix(line, names[i])
					break
				}
			}
		}
	}
	return complaints, true, ""
}
