package matrix

import (
	"path/filepath"
	"regexp"
	"slices"
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
	table, net, _ := strings.Cut(table, "\n## .NET's programs\n")
	records = rowsOf(t, table, Table, Cells())
	for i := range records {
		r := &records[i]
		listener, nodes, _ := strings.Cut(r.Column, ", ")
		told := said[r.Row+" at "+heading(listener)+", "+nodes]
		r.Command, r.Output = told.Command, told.Output
	}
	if net == notThere {
		return append(records, interop.Cell{Table: DotNetTable, Row: Absent})
	}
	return append(records, rowsOf(t, net, DotNetTable, DotNet())...)
}

// rowsOf reads the exit codes of one table.
func rowsOf(t *testing.T, table, name string, cells []Cell) (records []interop.Cell) {
	t.Helper()
	for _, c := range cells {
		row := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(c.Sender+" | "+heading(c.Listener)) + ` \|.*\| (\d+) \| (\d+) \|$`).FindStringSubmatch(table)
		if row == nil {
			t.Errorf("%s at %s: no run in the document", c.Sender, c.Listener)
			continue
		}
		for i, nodes := range Nodes() {
			r := interop.Cell{Table: name, Row: c.Sender, Column: c.Listener + ", " + nodes}
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
	ran := func(name string, cells []Cell) (all []interop.Cell) {
		for _, c := range cells {
			for _, nodes := range Nodes() {
				r := interop.Cell{Table: name, Row: c.Sender, Column: c.Listener + ", " + nodes}
				if c.Answer != "" {
					r.Code, r.Command, r.Output = 1, "program", "said: "+c.Answer
				}
				all = append(all, r)
			}
		}
		return all
	}
	all, net, absent := ran(Table, Cells()), ran(DotNetTable, DotNet()), interop.Cell{Table: DotNetTable, Row: Absent}
	good := map[string]string{}
	for name, more := range map[string][]interop.Cell{"with .NET": net, "without": {absent}} {
		doc, err := Document(slices.Concat(all, more))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := Document(runsOf(t, doc))
		if err != nil || again != doc {
			t.Errorf("%s, read back: %v\n%s", name, err, again)
		}
		if same, err := Document(slices.Concat(all, more, []interop.Cell{{Table: "Across bindings"}})); err != nil || same != doc {
			t.Errorf("%s, cells of other tables: %v", name, err)
		}
		good[name] = doc
	}
	if good["with .NET"] == good["without"] {
		t.Error("the document does not tell whether .NET's cells were played")
	}
	hole := slices.IndexFunc(all, func(c interop.Cell) bool { return c.Code != 0 })
	for name, change := range map[string]func(all, net []interop.Cell) ([]interop.Cell, []interop.Cell){
		"a cell is missing": func(r, n []interop.Cell) (_, _ []interop.Cell) { return r[1:], n },
		"a cell twice":      func(r, n []interop.Cell) (_, _ []interop.Cell) { return append(r, r[0]), n },
		"a cell of no code": func(r, n []interop.Cell) (_, _ []interop.Cell) {
			return append(r, interop.Cell{Table: Table, Row: "telnet"}), n
		},
		"it works no longer":         func(r, n []interop.Cell) (_, _ []interop.Cell) { r[0].Code = 1; return r, n },
		"it works now":               func(r, n []interop.Cell) (_, _ []interop.Cell) { r[hole].Code = 0; return r, n },
		"a hole without its words":   func(r, n []interop.Cell) (_, _ []interop.Cell) { r[hole].Output = "no"; return r, n },
		"a hole without its command": func(r, n []interop.Cell) (_, _ []interop.Cell) { r[hole].Command = ""; return r, n },
		"only one of two was played": func(r, n []interop.Cell) (_, _ []interop.Cell) { r[1].Table = "other"; return r, n },
		".NET: nobody says anything": func(r, _ []interop.Cell) (_, _ []interop.Cell) { return r, nil },
		".NET: a cell is missing":    func(r, n []interop.Cell) (_, _ []interop.Cell) { return r, n[1:] },
		".NET: a cell of no code": func(r, n []interop.Cell) (_, _ []interop.Cell) {
			return r, append(n, interop.Cell{Table: DotNetTable, Row: "telnet"})
		},
		".NET: it works no longer":    func(r, n []interop.Cell) (_, _ []interop.Cell) { n[0].Code = 1; return r, n },
		".NET: absent, and yet there": func(r, n []interop.Cell) (_, _ []interop.Cell) { return r, append(n, absent) },
		".NET: absent twice":          func(r, _ []interop.Cell) (_, _ []interop.Cell) { return r, []interop.Cell{absent, absent} },
	} {
		if _, err := Document(slices.Concat(change(slices.Clone(all), slices.Clone(net)))); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
