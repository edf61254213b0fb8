package descriptions

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGoWSDL: gowsdl's command line writes a package with gowsdl's names.
func TestGoWSDL(t *testing.T) {
	main := files(t, "a%20b.xsd")
	dir := t.TempDir()
	run := func(args ...string) (string, error) {
		cmd := newGoWSDL()
		var out bytes.Buffer
		cmd.SetArgs(args)
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		err := cmd.ExecuteContext(t.Context())
		return out.String(), err
	}
	if said, err := run("-o", "quote.go", "-p", "quote", "-d", dir, "-i", "-make-public", main); err != nil {
		t.Fatalf("%s %v", said, err)
	}
	code, err := os.ReadFile(filepath.Join(dir, "quote", "quote.go"))
	if err != nil || !strings.Contains(string(code), "type P interface {\n\tSay(request string) error\n\tSayContext(ctx context.Context, request string) error\n}") ||
		!strings.Contains(string(code), "func NewP(client *rpc.Client) P {") {
		t.Errorf("%s %v", code, err)
	}
	for _, bad := range [][]string{{}, {"-make-public=false", main}, {"-x", main}, {main, main}} {
		if said, err := run(bad...); err == nil {
			t.Errorf("%q: %s", bad, said)
		}
	}
	if said, err := run("-v"); err != nil || !strings.Contains(said, "v0.5.0") {
		t.Errorf("%s %v", said, err)
	}
}

// TestMapping: the table of names is written where it was asked for.
func TestMapping(t *testing.T) {
	file := filepath.Join(t.TempDir(), "names.tsv")
	if said, err := runGo(t, "--mapping", file, files(t, "a%20b.xsd")); err != nil {
		t.Fatalf("%s %v", said, err)
	}
	table, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(table), "operation\tP/Say\tPClient.Say\n") || !strings.Contains(string(table), "message\t{urn:t}Ask\tAskMessage\n") {
		t.Errorf("%s %v", table, err)
	}
	if said, err := runGo(t, "--names", "odd", files(t, "a%20b.xsd")); err == nil {
		t.Errorf("%s", said)
	}
}
