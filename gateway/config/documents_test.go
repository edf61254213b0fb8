package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// TestDocuments: files of a description are read with the settings, from the folder of the file, and what is wrong with one is told at
// its line.
func TestDocuments(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"calc.wsdl": `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>`, "types.xsd": `<schema xmlns="http://www.w3.org/2001/XMLSchema"/>`,
		"page.html": `<html/>`, "big.xsd": strings.Repeat(" ", entity.MaxDocumentBytes+1), "causeway.yaml": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(list string) (*Config, Problems) {
		file := filepath.Join(dir, "causeway.yaml")
		if err := os.WriteFile(file, []byte("entities:\n  - name: calc\n    metadata: "+list+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return Load(Params{File: file, Env: []string{"HOME=" + dir}})
	}
	c, problems := read("[calc.wsdl, types.xsd]")
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	if all, err := c.Entities[0].Documents(); err != nil || len(all) != 2 || all[0].Name != "calc.wsdl" || !strings.HasPrefix(all[1].Text, "<schema") {
		t.Errorf("%v, %v", all, err)
	}
	for list, want := range map[string]string{
		"[calc.wsdl, none.xsd]":              "causeway.yaml:3:27 entities[0].metadata[1]: the file does not exist",
		"[types.xsd]":                        `:3:15 entities[0].metadata: document "types.xsd" is a schema`,
		"[calc.wsdl, page.html]":             `:3:15 entities[0].metadata: document "page.html" begins with "html"`,
		"[calc.wsdl, big.xsd]":               "entities[0].metadata[1]: the file is larger than 524288 bytes",
		"[calc.wsdl, " + dir + "/calc.wsdl]": `document "calc.wsdl" stands twice`,
		"calc.wsdl":                          "entities[0].metadata: expected a list",
	} {
		if _, problems := read(list); problems.Err() == nil || !strings.Contains(problems.Err().Error(), want) {
			t.Errorf("%s: %v, want %s", list, problems.Err(), want)
		}
	}
	if err := os.Remove(filepath.Join(dir, "types.xsd")); err != nil {
		t.Fatal(err)
	}
	if all, err := c.Entities[0].Documents(); err == nil || !strings.Contains(err.Error(), "types.xsd: the file does not exist") {
		t.Errorf("a file that is gone: %v, %v", all, err)
	}
}
