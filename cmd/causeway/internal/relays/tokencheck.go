package relays

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
	"github.com/causeway-relay/causeway/hybrid/wire/sas"
)

func newTokenCheck(c *cli.Connection) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use: "check TOKEN|-", Short: "Say what a token says, and what is wrong with it", Args: cli.Args(cobra.ExactArgs(1)),
		Long: `Take a token apart: audience, rule, expiry, and everything that would keep a gateway from taking it: escapes that are too many
or too few, a missing part, a wrong host or path, an end that has passed. With a connection string of the rule that signed
it, the signature is checked too, and the common mistakes in signing are told. No gateway is asked, no key and no signature is
printed. - reads the token from standard input, which keeps it out of the history of the shell. The exit code is 4
when a gateway would refuse the token.`,
		Example: `  causeway token hyco | causeway token check -
  causeway token check "$TOKEN" --relay hyco
  causeway token check - -o json < token.txt | jq .problems`,
	}
	cmd.Flags().StringVar(&name, "relay", "", "`NAME` of the relay that the token is to be used for; default: that of the connection string")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		text, err := tokenText(cmd.InOrStdin(), args[0])
		if err != nil {
			return err
		}
		p := sas.Params{Now: time.Now(), Path: name}
		if whole := c.Given(); whole != "" {
			cs, err := connstring.Parse(whole)
			if err != nil {
				return cli.Usage("%v", err)
			}
			p.Host, p.Rule, p.Key = cs.Host, cs.KeyName, cs.Key
			p.Path = cmp.Or(name, strings.Trim(cs.Path(), "/"))
		}
		report := sas.Check(text, p)
		if err := c.Format.Write(cmd, report, func() error { return showToken(cmd.OutOrStdout(), &report) }); err != nil {
			return err
		}
		if len(report.Problems) > 0 {
			return cli.Silent(cli.ExitUnauthorized)
		}
		return nil
	}
	return cmd
}

// maxTokenText bounds what is read of standard input.
const maxTokenText = 64 << 10

// tokenText is the argument, or standard input for -.
func tokenText(in io.Reader, arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	b, err := io.ReadAll(io.LimitReader(bufio.NewReader(in), maxTokenText))
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	return string(b), nil
}

// showToken writes a report for people.
func showToken(w io.Writer, r *sas.Report) error {
	var rows [][]string
	row := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	row("kind", map[string]string{sas.SAS: "shared access signature", sas.JWT: "JSON web token"}[r.Kind])
	row("audience", r.Audience)
	row("host", r.Host)
	if r.Host != "" {
		row("relay", cmp.Or(r.Path, "all of the namespace"))
	}
	row("rule", r.Rule)
	for _, end := range []struct {
		name string
		at   *time.Time
	}{{"not before", r.NotBefore}, {"expires", r.Expires}} {
		if end.at != nil {
			row(end.name, cli.Clock(*end.at)+" ("+until(*end.at)+")")
		}
	}
	if r.Kind != "" {
		row("signature", map[string]string{
			sas.Unknown: "not checked: that takes a connection string with the rule's key", sas.Matches: "matches the key", sas.Differs: "does not match the key",
		}[r.Signature])
	}
	if err := cli.Table(w, rows); err != nil {
		return err
	}
	for _, list := range []struct {
		head string
		of   []sas.Problem
	}{{"wrong: ", r.Problems}, {"note: ", r.Notes}} {
		for _, p := range list.of {
			if _, err := fmt.Fprintf(w, "%s%s\n  next: %s\n", list.head, p.Problem, p.Do); err != nil {
				return err
			}
		}
	}
	return nil
}

// until says how far away a moment is.
func until(at time.Time) string {
	d := time.Until(at).Round(time.Second)
	switch {
	case d < 0:
		return (-d).String() + " ago"
	case d > 100*365*24*time.Hour:
		return "practically never"
	}
	return "in " + d.String()
}
