package interop

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Cell is one result of a run, for docs/interop.md: whether two programs understood each other.
type Cell struct {
	Table   string `json:"table"`
	Row     string `json:"row"`
	Column  string `json:"column"`
	Code    int    `json:"code"`              // exit code of the program that judges; 0 is what the table shows as a yes
	Note    string `json:"note,omitempty"`    // shown instead of a bare yes, such as a count
	Command string `json:"command,omitempty"` // what was run, shown for a hole
	Output  string `json:"output,omitempty"`  // the last it printed, shown for a hole
	Reason  string `json:"reason,omitempty"`  // why it is a hole, where that is known
}

// Record keeps a cell when CAUSEWAY_INTEROP_TABLE names a file (make interop-table); otherwise it does nothing.
func Record(t testing.TB, c Cell) {
	t.Helper()
	file := os.Getenv("CAUSEWAY_INTEROP_TABLE")
	if file == "" {
		return
	}
	c.Command, c.Output = plain(t, c.Command), plain(t, lastLine(c.Output))
	line, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(line, '\n')); err != nil { // one write, so that packages may run side by side
		t.Fatal(err)
	}
}

// lastLine gives the last line that says something.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// What differs from run to run and machine to machine.
var (
	anyPort = regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+`)
	anySum  = regexp.MustCompile(`\b(peer|gsoap)-[0-9a-f]{16}`) // what Cache keeps
	anyTemp = regexp.MustCompile(`\S*/(causeway-interop|Test[^/ ]*|go-build[^/ ]*)/(\d+/)*`)
)

// plain makes text that is the same on every machine, of at most 300 bytes.
func plain(t testing.TB, text string) string {
	t.Helper()
	text = strings.ReplaceAll(text, Root(t)+"/", "")
	text = anyTemp.ReplaceAllString(anyPort.ReplaceAllString(text, "$1:PORT"), "")
	text = anySum.ReplaceAllString(text, "$1")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + " ..."
	}
	return text
}
