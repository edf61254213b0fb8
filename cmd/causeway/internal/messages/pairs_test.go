package messages

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
)

// TestPairs: every pair is there once, with what it loses or why it cannot be; what all lose is told below, once.
func TestPairs(t *testing.T) {
	out, talk, code := runCommand(t, "", "bindings", "--pairs")
	if code != cli.ExitOK {
		t.Fatal(talk)
	}
	rows := map[string]string{}
	table, below, found := strings.Cut(out, "\n\n")
	if !found || strings.Count(below, "reliable sessions") != 1 || strings.Contains(table, "reliable sessions") {
		t.Errorf("what all lose is not told once:\n%s", out)
	}
	for line := range strings.Lines(table) {
		if words := strings.Fields(line); len(words) > 2 {
			rows[words[0]+" "+words[1]] = strings.Join(words[2:], " ")
		}
	}
	if got, want := len(rows)-1, len(convert.Pairs()); got != want {
		t.Errorf("%d rows for %d pairs", got, want)
	}
	for pair, want := range map[string]string{
		"basicHttp netTcp": "yes the state of a session", "netTcp netTcp": "bytes pass -", "webHttp netTcp": "no a web request has no envelope", "netTcp wsHttp": "yes callbacks",
	} {
		if !strings.HasPrefix(rows[pair], want) {
			t.Errorf("%s: %q", pair, rows[pair])
		}
	}
	out, _, code = runCommand(t, "", "bindings", "--pairs", "-o", "json")
	var all []convert.Pair
	if err := json.Unmarshal([]byte(out), &all); code != cli.ExitOK || err != nil || len(all) != len(convert.Pairs()) {
		t.Errorf("json: %d, %v, %d pairs", code, err, len(all))
	}
	if _, talk, code = runCommand(t, "", "bindings", "--pairs", "netTcp"); code != cli.ExitUsage || !strings.Contains(talk, "leave netTcp out") {
		t.Errorf("a name beside --pairs: %d, %s", code, talk)
	}
}
