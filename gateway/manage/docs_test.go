package manage

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocs: docs/api.md lists the routes that there are, with their methods.
func TestDocs(t *testing.T) {
	b, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "## Paths\n")
	section, _, _ := strings.Cut(rest, "\n## ")
	var got []string
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); strings.HasPrefix(line, "| `") && len(cells) > 2 {
			got = append(got, strings.TrimSpace(cells[1])+" "+strings.TrimSpace(cells[2]))
		}
	}
	words := strings.NewReplacer("{entity}", "NAME", "{rule}", "RULE", "{listener}", "ID")
	var want []string
	for _, r := range routes {
		methods := slices.Sorted(maps.Keys(r.methods))
		want = append(want, fmt.Sprintf("%#q %s", words.Replace(r.path), strings.Join(methods, ", ")))
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/api.md, section Paths (-want +got):\n%s", diff)
	}
	if !strings.Contains(string(b), "`"+DefaultRule+"`") {
		t.Errorf("docs/api.md does not name the rule %s", DefaultRule)
	}
}
