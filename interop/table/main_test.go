package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/matrix"
)

// TestTable: recorded cells become a document in which a hole shows what was run and what it said.
func TestTable(t *testing.T) {
	dir := t.TempDir()
	cells, doc := filepath.Join(dir, "cells"), filepath.Join(dir, "doc.md")
	t.Setenv("CAUSEWAY_INTEROP_TABLE", cells)
	for _, c := range []interop.Cell{
		{Table: "B", Row: "x", Column: "one"},
		{Table: "A", Row: "second", Column: "SOAP 1.2", Note: "17"},
		{Table: "A", Row: "first", Column: "SOAP 1.1", Code: 3, Command: interop.Root(t) + "/tool 127.0.0.1:4711", Output: "a\nlast word\n", Reason: "it cannot"},
		{Table: "A", Row: "first", Column: "SOAP 1.2", Code: 1, Output: strings.Repeat("x", 400)},
	} {
		interop.Record(t, c)
	}
	if err := run([]string{cells, doc, ""}); err == nil || !strings.Contains(err.Error(), "A, first, SOAP 1.2 is a hole without a reason") {
		t.Fatal(err)
	}
	b, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(string(b), "has no reason.\n")
	want := `
## A

| | SOAP 1.2 | SOAP 1.1 |
|---|---|---|
| second | 17 | - |
| first | no [1] | no [2] |

## B

| | one |
|---|---|
| x | yes |

## Holes

[1] first, SOAP 1.2: not explained

` + "```\n$ \n" + strings.Repeat("x", 300) + " ...\nexit code 1\n```" + `

[2] first, SOAP 1.1: it cannot

` + "```\n$ tool 127.0.0.1:PORT\nlast word\nexit code 3\n```\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	interop.Record(t, interop.Cell{Table: matrix.Table, Row: "of another document", Column: "x", Code: 1})
	interop.Record(t, interop.Cell{Table: matrix.DotNetTable, Row: "of another document", Column: "x", Code: 1})
	if err := run([]string{cells, doc, ""}); err == nil || strings.Contains(err.Error(), "another document") {
		t.Error(err)
	}
	if again, err := os.ReadFile(doc); err != nil || !bytes.Equal(again, b) {
		t.Errorf("%v: the matrix is in the tables:\n%s", err, again)
	}
	for _, args := range [][]string{{}, {filepath.Join(dir, "none"), doc, doc}, {doc, doc, ""}, {cells, "", doc}, {cells, dir, ""}} {
		if run(args) == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

// TestCheck: explained holes are in order; a cell that another would hide is not.
func TestCheck(t *testing.T) {
	one := interop.Cell{Table: "A", Row: "x", Column: "y", Code: 1, Reason: "it cannot"}
	other := interop.Cell{Table: "A", Row: "x", Column: "z"}
	if err := check([]interop.Cell{one, other}); err != nil {
		t.Error(err)
	}
	if check([]interop.Cell{one, other, one}) == nil {
		t.Error("a cell that was recorded twice is taken")
	}
}

// TestMatrix: the cells of the matrix become its document, in which nothing may be missing.
func TestMatrix(t *testing.T) {
	dir := t.TempDir()
	cells, doc := filepath.Join(dir, "cells"), filepath.Join(dir, "doc.md")
	t.Setenv("CAUSEWAY_INTEROP_TABLE", cells)
	interop.Record(t, interop.Cell{Table: "A", Row: "x", Column: "y"})
	for _, c := range matrix.Cells() {
		for _, nodes := range matrix.Nodes() {
			r := interop.Cell{Table: matrix.Table, Row: c.Sender, Column: c.Listener + ", " + nodes}
			if c.Answer != "" {
				r.Code, r.Command, r.Output = 22, "curl", c.Answer
			}
			interop.Record(t, r)
		}
	}
	interop.Record(t, interop.Cell{Table: matrix.DotNetTable, Row: matrix.Absent})
	if err := run([]string{cells, "", doc}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(doc); err != nil || !strings.Contains(string(b), "\n| hybrid WebSocket | works | ") || strings.Contains(string(b), "\n## A\n") {
		t.Errorf("%v\n%s", err, b)
	}
}
