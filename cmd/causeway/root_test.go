package main

import (
	"io"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
)

// TestHelp: every command has a short text, an example that names it, and flags with a text.
func TestHelp(t *testing.T) {
	eachCommand(newRoot(), func(cmd *command) {
		if cmd.Short == "" || cmd.Example == "" || !strings.Contains(cmd.Example, cmd.CommandPath()) {
			t.Errorf("%s: %q with the example %q", cmd.CommandPath(), cmd.Short, cmd.Example)
		}
	})
	if code := run(t.Context(), []string{"relay", "create", "--help"}, nil, io.Discard, io.Discard); code != cli.ExitOK {
		t.Errorf("help ends with %d", code)
	}
}

// TestVersionLine: the line for people has the beginning of the revision, where the build knew it.
func TestVersionLine(t *testing.T) {
	for revision, want := range map[string]string{
		"": "causeway 1.2 go1.26 linux/amd64", "2cf57fd5535423a99a00c22c2e90f97b7e9a1524": "causeway 1.2 (2cf57fd55354) go1.26 linux/amd64",
		"17": "causeway 1.2 (17) go1.26 linux/amd64",
	} {
		b := build{Version: "1.2", Revision: revision, Go: "go1.26", OS: "linux", Arch: "amd64"}
		if got := b.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
