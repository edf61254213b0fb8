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
