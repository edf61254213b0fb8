package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// newRoot makes the whole tree of commands. A command is a function newX in a file of its own and a line here.
func newRoot() *cobra.Command {
	root := group("causeway", "A relay gateway for Azure Relay clients: Hybrid Connections and WCF relay on your own machines",
		`  causeway demo                                     # two nodes, a listener and senders, step by step
  causeway serve --ready-file ready.json            # a node on loopback, nothing to configure
  causeway relay create hyco                        # a relay; prints its connection string`,
		newDemo(),
		newServe(),
		newInit(),
		newTrust(),
		newService(),
		newConfig(),
		newReload(),
		newListen(),
		newForward(),
		newAzbridge(),
		newImport(),
		newRelay(),
		newRule(),
		newToken(),
		newStatus(),
		newDoctor(),
		newTop(),
		newTail(),
		newBindings(),
		newSoap(),
		newVersion(),
	)
	root.Long = `Causeway is a self-hosted gateway for Azure Relay: programs behind firewalls dial out and listen, programs elsewhere
reach them. Existing SDKs and WCF bindings work with another host name in their connection string.

Data goes to standard output, everything else to standard error. Exit codes: 0 ok, 1 failure, 2 usage, 3 not found,
4 unauthorized, 5 unreachable or timed out.`
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = false
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%v", err) })
	return root
}

// group makes a command that only holds others. Alone it shows its help; a word it does not know is told the nearest one.
func group(use, short, example string, subs ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short, Example: example,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknownCommand(cmd, args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	g.AddCommand(subs...)
	return g
}

// unknownCommand names the nearest commands.
func unknownCommand(cmd *cobra.Command, word string) error {
	if cmd.SuggestionsMinimumDistance <= 0 {
		cmd.SuggestionsMinimumDistance = 2 // cobra's own default, which it sets on another path
	}
	near := cmd.SuggestionsFor(word)
	if len(near) == 0 {
		return usage("unknown command %q for %q", word, cmd.CommandPath())
	}
	return usage("unknown command %q for %q; did you mean %s?", word, cmd.CommandPath(), strings.Join(near, " or "))
}

// args turns what a check of arguments says into a usage error.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, list []string) error {
		if err := check(cmd, list); err != nil {
			return usage("%v", err)
		}
		return nil
	}
}
