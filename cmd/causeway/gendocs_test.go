package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write the generated pages")

// pages are the generated pages of docs that join what several packages know.
var pages = map[string]func() string{
	"cli.md": cliPage, "errors.md": errorsPage,
}

// TestGenerated fails when a page is stale. `go generate ./cmd/causeway` writes them anew.
func TestGenerated(t *testing.T) {
	for name, write := range pages {
		path, want := filepath.Join("..", "..", "docs", name), write()
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%v; run go generate ./cmd/causeway", err)
			continue
		}
		if diff := gocmp.Diff(want, string(got)); diff != "" {
			t.Errorf("docs/%s is stale; run go generate ./cmd/causeway (-want +got):\n%s", name, diff)
		}
	}
}

type command = cobra.Command

// eachCommand visits what users see, parents first.
func eachCommand(cmd *command, f func(*command)) {
	f(cmd)
	for _, sub := range cmd.Commands() {
		if !sub.IsAdditionalHelpTopicCommand() && sub.Name() != "help" && !sub.Hidden {
			eachCommand(sub, f)
		}
	}
}

const cliHead = `# Commands

<!-- Generated from cmd/causeway by go generate ./cmd/causeway. Do not edit. -->

One binary, ` + "`causeway`" + `. Data goes to standard output, talk and errors to standard error, so that pipes always work.

| exit code | means |
|---|---|
| 0 | done |
| 1 | it failed: the message says why, and what to do next. Also what a comparison or a check found: documents that differ, an operation that is lost |
| 2 | the command line or the configuration is wrong |
| 3 | what was named does not exist: a relay, a rule, a listener of a relay, a service, an operation. A file that does not exist is 1, or 2 where it is part of the command line's or the configuration's own (--config, keys) |
| 4 | unauthorized: the rule or the token does not allow it |
| 5 | no gateway was reached, or not in time; nor the server with a service's description |

## Which gateway, and as whom

Client commands (` + "`relay`, `rule`, `token`, `status`, `doctor`, `top`, `tail`, `tap`, `reload`" + `), and ` + "`listen` and `forward`" + ` for a key, ask the management API ([api.md](api.md)) of

1. the connection string of ` + "`--connection-string`" + `, else
2. that of ` + "`CAUSEWAY_CONNECTION_STRING`" + `, else
3. the node of this machine: its admin door, with the token in its data folder. Both are found as ` + "`causeway serve`" + ` finds them in the same
   environment (` + "`CAUSEWAY_ADMIN`, `CAUSEWAY_DATA`, `CAUSEWAY_CONFIG`" + `), and only the user who runs it can read the token.

The certificate of the gateway is trusted by ` + "`--ca-file`, else `CAUSEWAY_CA_FILE`" + `, else the system's roots; for hosts that are this machine
(` + "`localhost`, `*.localhost`, `127.0.0.0/8`, `::1`" + `) the local CA in the data folder counts too.

## Output

` + "`-o json`" + ` prints what the API answers, with names that never change: lists as arrays, single things as objects. ` + "`-o table`" + ` is for people and
may change. An error is one line of JSON on standard error then, in the form of the API's errors ([api.md](api.md)). Secrets are printed by ` + "`relay create`, `rule keys` and `token`" + ` alone.

`

// cliPage documents every command from its own help.
func cliPage() string {
	root := newRoot()
	root.InitDefaultCompletionCmd()
	var b strings.Builder
	b.WriteString(cliHead)
	b.WriteString("## The commands\n\n| command | does |\n|---|---|\n")
	eachCommand(root, func(cmd *command) {
		if cmd != root && !cmd.HasSubCommands() {
			fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", cmd.CommandPath(), strings.ReplaceAll(cmd.CommandPath(), " ", "-"), cmd.Short)
		}
	})
	eachCommand(root, func(cmd *command) {
		if cmd != root {
			writeCommand(&b, cmd)
		}
	})
	return b.String()
}

func writeCommand(b *strings.Builder, cmd *command) {
	fmt.Fprintf(b, "\n## %s\n\n", cmd.CommandPath())
	text := cmp.Or(strings.TrimSpace(cmd.Long), cmd.Short+".")
	if cmd.HasParent() && cmd.Parent().Name() == "completion" {
		text = cmd.Short + "." // cobra's long text is of its own making, with lines for each shell; `--help` shows it
	}
	b.WriteString(text + "\n")
	if cmd.Runnable() && !cmd.HasSubCommands() {
		fmt.Fprintf(b, "\n```\n%s\n```\n", cmd.UseLine())
	}
	if cmd.Example != "" {
		fmt.Fprintf(b, "\n```sh\n%s\n```\n", dedent(cmd.Example))
	}
	if rows := flagRows(cmd); rows != "" {
		b.WriteString("\n| flag | |\n|---|---|\n" + rows)
	}
}

// dedent takes the two blanks off that help has before each line.
func dedent(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}

// flagRows lists a command's flags where they can be given: a group's flags stand with the group.
func flagRows(cmd *command) string {
	var rows []string
	cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name, text := pflag.UnquoteUsage(f)
		head := "--" + f.Name
		if f.Shorthand != "" {
			head = "-" + f.Shorthand + ", " + head
		}
		if name != "" {
			head += " " + name
		}
		if d := f.DefValue; d != "" && d != "false" && d != "[]" && d != "0" {
			text += " (default `" + d + "`)"
		}
		rows = append(rows, fmt.Sprintf("| %#q | %s |\n", head, strings.ReplaceAll(text, "|", "\\|")))
	})
	slices.Sort(rows)
	return strings.Join(rows, "")
}
