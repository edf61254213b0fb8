package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// wordsOf are the words of the first causeway command in a line of a shell, without what follows behind a pipe, a redirection or a
// comment; nil when there is none. Quotes are taken off, and variables and commands stand for a word.
func wordsOf(line string) []string {
	var words []string
	word, quote, open := "", rune(0), false
	flush := func() {
		if open {
			words = append(words, word)
		}
		word, open = "", false
	}
loop:
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word += string(r)
		case r == '\'' || r == '"':
			quote, open = r, true
		case r == ' ':
			flush()
		case strings.ContainsRune("|<>;", r), r == '#' && !open:
			break loop
		default:
			word, open = word+string(r), true
		}
	}
	flush()
	i := slices.Index(words, "causeway")
	if i < 0 {
		return nil
	}
	return words[i+1:]
}

// TestExamples: every command has examples, and each is a command line that its command takes: known words, known flags, values that
// flags can have, as many arguments as there may be.
func TestExamples(t *testing.T) {
	count := 0
	eachCommand(newRoot(), func(cmd *command) {
		if cmd.HasParent() && cmd.Parent().Name() == "completion" || cmd.Name() == "completion" {
			return // cobra's own
		}
		if cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Example) {
			words := wordsOf(strings.TrimSpace(line))
			if words == nil {
				continue
			}
			count++
			if err := takes(words); err != nil {
				t.Errorf("%s: %q: %v", cmd.CommandPath(), strings.TrimSpace(line), err)
			}
		}
	})
	if count < 90 {
		t.Errorf("%d examples", count)
	}
	for _, wrong := range []string{"causeway relay crate hyco", "causeway relay create hyco --knd http", "causeway top --interval soon", "causeway tap", "causeway status -o yaml"} {
		if takes(wordsOf(wrong)) == nil {
			t.Errorf("%q is taken for an example", wrong)
		}
	}
}

// takes reports why a command line is none.
func takes(words []string) error {
	cmd, rest, err := newRoot().Find(words)
	if err != nil {
		return err
	}
	if cmd.DisableFlagParsing {
		return nil
	}
	if i := slices.Index(rest, "--"); i >= 0 { // the service's own command
		if err := takes(rest[i+1:]); err != nil {
			return err
		}
	}
	if err := cmd.ParseFlags(rest); err != nil && err != pflag.ErrHelp {
		return err
	}
	if cmd.Args == nil {
		return nil
	}
	return cmd.Args(cmd, cmd.Flags().Args())
}
