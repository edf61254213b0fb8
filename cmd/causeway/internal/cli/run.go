package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Run executes one command line of a tree and gives the exit code. What went wrong is written to err, with what to do next.
func Run(ctx context.Context, root *cobra.Command, args []string, in io.Reader, out, err io.Writer) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return Usage("%v", err) })
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(err)
	cmd, failure := root.ExecuteContextC(ctx)
	if failure != nil {
		explain(err, cmd, failure)
	}
	return exitCode(failure)
}

// Group makes a command that only holds others. Alone it shows its help; a word it does not know is told the nearest one.
func Group(use, short, example string, subs ...*cobra.Command) *cobra.Command {
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
		return Usage("unknown command %q for %q", word, cmd.CommandPath())
	}
	return Usage("unknown command %q for %q; did you mean %s?", word, cmd.CommandPath(), strings.Join(near, " or "))
}

// Args turns what a check of arguments says into a usage error.
func Args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, list []string) error {
		if err := check(cmd, list); err != nil {
			return Usage("%v", err)
		}
		return nil
	}
}
