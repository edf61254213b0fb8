package descriptions

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/wsdl/check"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// problem is a problem in JSON.
type problem struct {
	Level  string `json:"level"` // note, warning, error
	Code   string `json:"code"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

// lost is a lost operation in JSON.
type lost struct {
	Binding   string `json:"binding"`
	Operation string `json:"operation,omitempty"` // "": all of them
	Why       string `json:"why"`
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
}

// verdict is what `wsdl check -o json` prints.
type verdict struct {
	Operations int       `json:"operations"` // that can be called, each binding's counted
	Errors     int       `json:"errors"`
	Warnings   int       `json:"warnings"`
	Notes      int       `json:"notes"`
	Lost       []lost    `json:"lost"`
	Problems   []problem `json:"problems"`
}

func newCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use: "check SERVICE", Short: "Say what is wrong with a description, where, and what to do", Args: cli.Args(cobra.ExactArgs(1)),
		Example: `  causeway wsdl check service.wsdl
  causeway wsdl check --strict --notes service.wsdl     # in CI: any warning is a failure
  causeway wsdl check -o json 'https://relay.example/quote?wsdl'`,
		Long: `Reads a WSDL 1.1 description with all that it imports and tells what cannot be resolved, what peers refuse or read
otherwise (by the numbers of WS-I Basic Profile), and which operations nobody can call. Each line has file, line and column.

The exit code is 1 when an operation is lost, or with --strict when there is any error or warning.
` + sources,
	}
	r := &reading{}
	r.flags(cmd)
	format := cli.FormatFlag(cmd)
	strict := cmd.Flags().Bool("strict", false, "exit with 1 on any error or warning")
	notes := cmd.Flags().Bool("notes", false, "show notes too")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d, err := r.load(cmd, args[0])
		if err != nil {
			return err
		}
		report := check.Check(d)
		v := newVerdict(d, report)
		err = format.Write(cmd, v, func() error { return tellVerdict(cmd.OutOrStdout(), report, v, *notes) })
		if err == nil && (len(v.Lost) > 0 || *strict && v.Errors+v.Warnings > 0) {
			err = cli.Silent(cli.ExitFailure)
		}
		return err
	}
	return cmd
}

// newVerdict counts and flattens a report. An operation counts for each binding that lets somebody call it.
func newVerdict(d *model.Description, report *check.Report) *verdict {
	v := &verdict{Errors: report.Errors, Warnings: report.Warnings, Notes: report.Notes, Lost: []lost{}, Problems: []problem{}}
	gone := map[model.Place]bool{}
	for _, l := range report.Lost {
		gone[l.Place] = true
		v.Lost = append(v.Lost, lost{l.Binding, l.Operation, l.Why, pathOf(l.Place), l.Place.Line, l.Place.Col})
	}
	for _, b := range d.Bindings {
		for _, op := range b.Operations {
			if b.Kind != model.OtherBinding && !gone[op.Place] {
				v.Operations++
			}
		}
	}
	for _, p := range report.Problems {
		v.Problems = append(v.Problems, problem{p.Level.String(), p.Code, pathOf(p.Place), p.Place.Line, p.Place.Col, p.Text, p.Remedy})
	}
	return v
}

// tellVerdict writes one line for each problem, then for each lost operation, then a sum.
func tellVerdict(w io.Writer, report *check.Report, v *verdict, notes bool) error {
	for _, p := range report.Problems {
		if p.Level == model.Note && !notes {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s [%s]\n", cli.OneLine(p.String()), p.Code); err != nil {
			return err
		}
	}
	for _, l := range report.Lost {
		if _, err := fmt.Fprintln(w, cli.OneLine(l.String())); err != nil {
			return err
		}
	}
	hint := ""
	if v.Notes > 0 && !notes {
		hint = " (--notes shows them)"
	}
	_, err := fmt.Fprintf(w, "%s can be called, %d lost; %s, %s, %s%s\n",
		count(v.Operations, "operation"), len(v.Lost), count(v.Errors, "error"), count(v.Warnings, "warning"), count(v.Notes, "note"), hint)
	return err
}

// count writes a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
