package matrix

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
)

// runsOf reads out of the document what its runs were: exit codes, and of holes the command and what it said.
func runsOf(t *testing.T, doc string) (records []interop.Cell) {
	t.Helper()
	_, rest, _ := strings.Cut(doc, "\n## Runs\n")
	table, cannot, _ := strings.Cut(rest, "\n## What cannot work\n")
	said := map[string]interop.Cell{}
	for _, block := range regexp.MustCompile(`(?m)^\[\d+\] (.+) at (.+?): .+\n((?:\n(?s:\x60{3}\n.*?\n\x60{3})\n)+)`).FindAllStringSubmatch(cannot, -1) {
		for _, run := range regexp.MustCompile(`(?s)\x60{3}\n(.+?)\n\$ (.+?)\n(.*?)\nexit code \d+\n\x60{3}`).FindAllStringSubmatch(block[3], -1) {
			for nodes := range strings.SplitSeq(run[1], ", ") {
				said[block[1]+" at "+block[2]+", "+nodes] = interop.Cell{Command: run[2], Output: run[3]}
			}
		}
	}
	for _, c := range Cells() {
		row := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(c.Sender+" | "+heading(c.Listener)) + ` \|.*\| (\d+) \| (\d+) \|$`).FindStringSubmatch(table)
		if row == nil {
			t.Errorf("%s at %s: no run in the document", c.Sender, c.Listener)
			continue
		}
		for i, nodes := range Nodes() {
			r := said[c.Sender+" at "+heading(c.Listener)+", "+nodes]
			r.Table, r.Row, r.Column = Table, c.Sender, c.Listener+", "+nodes
			r.Code, _ = strconv.Atoi(row[i+1])
			records = append(records, r)
		}
	}
	return records
}

// TestDocument: docs/matrix.md has every cell that Cells have and no other, says of each what Cells say, and tells of every hole what
// was run and what it said. It is what Document makes of its runs, to the byte.
func TestDocument(t *testing.T) {
	doc := string(interop.ReadFile(t, filepath.Join(interop.Root(t), "docs", "matrix.md")))
	want, err := Document(runsOf(t, doc))
	if err != nil {
		t.Fatalf("docs/matrix.md: %v; write it anew by make matrix", err)
	}
	if doc != want {
		t.Errorf("docs/matrix.md is of other cells than the code has; write it anew by make matrix. It should be\n%s", want)
	}
}

// TestDocumentBites: what is missing, told twice, unexplained or other than the cells say is no document.
func TestDocumentBites(t *testing.T) {
	var all []interop.Cell
	for _, c := range Cells() {
		for _, nodes := range Nodes() {
			r := interop.Cell{Table: Table, Row: c.Sender, Column: c.Listener + ", " + nodes}
			if c.Answer != "" {
				r.Code, r.Command, r.Output = 1, "program", "said: "+c.Answer
			}
			all = append(all, r)
		}
	}
	good, err := Document(all)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Document(runsOf(t, good))
	if err != nil || again != good {
		t.Errorf("read back: %v\n%s", err, again)
	}
	hole := 0
	for i := range all {
		if all[i].Code != 0 {
			hole = i
		}
	}
	for name, change := range map[string]func(records []interop.Cell) []interop.Cell{
		"a cell is missing":          func(r []interop.Cell) []interop.Cell { return r[1:] },
		"a cell twice":               func(r []interop.Cell) []interop.Cell { return append(r, r[0]) },
		"a cell of no code":          func(r []interop.Cell) []interop.Cell { return append(r, interop.Cell{Table: Table, Row: "telnet"}) },
		"it works no longer":         func(r []interop.Cell) []interop.Cell { r[0].Code = 1; return r },
		"it works now":               func(r []interop.Cell) []interop.Cell { r[hole].Code = 0; return r },
		"a hole without its words":   func(r []interop.Cell) []interop.Cell { r[hole].Output = "no"; return r },
		"a hole without its command": func(r []interop.Cell) []interop.Cell { r[hole].Command = ""; return r },
		"only one of two was played": func(r []interop.Cell) []interop.Cell { r[1].Table = "other"; return r },
	} {
		if _, err := Document(change(append([]interop.Cell(nil), all...))); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	other := append([]interop.Cell(nil), all...)
	if same, err := Document(append(other, interop.Cell{Table: "Across bindings"})); err != nil || same != good {
		t.Errorf("cells of other tables: %v", err)
	}
}
