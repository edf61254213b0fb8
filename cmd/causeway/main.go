// Command causeway runs and manages a relay gateway: `serve` is a node, `demo` shows one at work, the other commands are
// clients of the management API or tools that need no gateway. This package owns the tree of commands, demo and version, and
// the tests of the whole tree: stories in testdata/script run the binary as a process, and docs/cli.md is made of its help.
// The commands are below internal: node (serve and what a node's machine needs), relays (relays, rules, tokens), watch (status,
// top, tail, doctor), connectors (listen, forward, azbridge), messages (soap, bindings); cli is what they share. They own
// flags and output; what a command does lives in gateway, gateway/config, bridge, gateway/manage/client and soap.
//
// Data goes to standard output, talk and errors to standard error. Exit codes: 0 ok, 1 failure, 2 usage (a wrong command
// line or configuration), 3 not found, 4 unauthorized, 5 unreachable or timed out (architecture section 5).
package main

//go:generate go test -run ^TestGenerated$ -update .

import (
	"context"
	"io"
	"os"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/internal/service"
)

func main() {
	os.Exit(service.Run(func(ctx context.Context, args []string) int {
		return run(ctx, args, os.Stdin, os.Stdout, os.Stderr)
	}))
}

// run executes one command line and gives the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, err io.Writer) int {
	return cli.Run(ctx, newRoot(), args, in, out, err)
}
