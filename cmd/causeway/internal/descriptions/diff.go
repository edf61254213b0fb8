package descriptions

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/wsdl/describe"
	"github.com/causeway-relay/causeway/wsdl/diff"
)

func newDiff() *cobra.Command {
	cmd := &cobra.Command{
		Use: "diff OLD NEW", Short: "Say what changed between two descriptions, and what of it breaks callers", Args: cli.Args(cobra.ExactArgs(2)),
		Example: `  causeway wsdl diff v1.wsdl v2.wsdl
  causeway wsdl diff --breaking released.wsdl 'https://relay.example/quote?wsdl'   # in CI: exit code 1 when a caller breaks
  causeway wsdl diff -o json v1.wsdl v2.wsdl | jq '.changes[] | select(.level=="breaking")'`,
		Long: `Compares what two descriptions mean: files, prefixes, order of declarations and documentation do not count. A change is
breaking when a caller that was made for OLD may fail with a service that does NEW: what callers send must still be accepted, what they
receive must still be understood. docs/wsdl.md has the rules.

The exit code is 1 when a change is breaking, 0 otherwise.
` + sources,
	}
	r := &reading{}
	r.flags(cmd)
	format := cli.FormatFlag(cmd)
	only := cmd.Flags().Bool("breaking", false, "show breaking changes only")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var outlines [2]*describe.Outline
		for i, name := range args {
			d, err := r.load(cmd, name)
			if err != nil {
				return err
			}
			outlines[i] = describe.Describe(d)
		}
		report := diff.Compare(outlines[0], outlines[1])
		if *only {
			report.Changes = report.Changes[:report.Breaking] // they come first
		}
		err := format.Write(cmd, report, func() error { return tellDiff(cmd, report) })
		if err == nil && report.Breaking > 0 {
			err = cli.Silent(cli.ExitFailure)
		}
		return err
	}
	return cmd
}

// tellDiff writes a line for each change, breaking ones first, then a sum.
func tellDiff(cmd *cobra.Command, r *diff.Report) error {
	for _, c := range r.Changes {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), cli.OneLine(c.String())); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%d breaking, %d compatible changes\n", r.Breaking, r.Compatible)
	return err
}
