package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/causeway-relay/causeway/internal/suggest"
)

// Run executes one command line of a tree and gives the exit code. What went wrong is written to err, with what to do next.
func Run(ctx context.Context, root *cobra.Command, args []string, in io.Reader, out, err io.Writer) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	ownCommands(root)
	root.SetFlagErrorFunc(unknownFlag)
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

// Group makes a command that only holds others. Alone, or with the word help, it shows its help; a word it does not know is told the nearest one.
func Group(use, short, example string, subs ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short, Example: example,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) == 1 && args[0] == "help" {
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
	if len(near) == 0 || word == "" { // nothing is the beginning of every command
		return Usage("unknown command %q for %q", word, cmd.CommandPath())
	}
	return Usage("unknown command %q for %q; did you mean %s?", word, cmd.CommandPath(), strings.Join(near, " or "))
}

// unknownFlag makes what is wrong with flags a usage error, which names the nearest flag where there is none of the name.
func unknownFlag(cmd *cobra.Command, err error) error {
	no, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok || len(no.GetSpecifiedName()) < 2 { // a letter is near to every other
		return Usage("%v", err)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	if near := suggest.Nearest(no.GetSpecifiedName(), names); near != "" {
		return Usage("%v; did you mean --%s?", err, near)
	}
	return Usage("%v", err)
}

// Args turns what a check of arguments says into a usage error, which shows how the command is written. No argument may be empty: that is
// a variable of a shell which is not set, and a command that takes no name for all would do something else than was meant.
func Args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, list []string) error {
		if slices.Contains(list, "") {
			return Usage("an argument is empty: write '%s'", strings.TrimSuffix(cmd.UseLine(), " [flags]"))
		}
		if err := check(cmd, list); err != nil {
			many := map[int]string{0: "no argument", 1: "one argument"}[len(list)]
			if many == "" {
				many = strconv.Itoa(len(list)) + " arguments"
			}
			return Usage("%s cannot be right here: write '%s'", many, strings.TrimSuffix(cmd.UseLine(), " [flags]"))
		}
		return nil
	}
}

// ownCommands makes cobra's own commands take wrong words as ours do.
func ownCommands(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "completion":
			group := Group("", "", "")
			cmd.Args, cmd.RunE = group.Args, group.RunE
		case "help":
			cmd.Args = func(cmd *cobra.Command, words []string) error {
				at, rest, err := cmd.Root().Find(words)
				if err == nil && len(rest) > 0 && at.HasSubCommands() {
					return unknownCommand(at, rest[0])
				}
				return err
			}
		}
	}
}
