package messages

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/bindings"
	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// NewBindings makes the command that prints the table of bindings.
func NewBindings() *cobra.Command {
	cmd := &cobra.Command{
		Use: "bindings [NAME]", Short: "Say what each WCF binding is on the wire and how it goes through the gateway", Args: cli.Args(cobra.MaximumNArgs(1)),
		Long: `Say what each WCF binding is when nobody changes anything: transport, encoder, SOAP and addressing version, session and security;
which kind of relay to create for it; and which relay binding takes its place. With a name, everything about that binding.

With --pairs: which binding of senders can become which of a service ('causeway listen --as'), and what a message loses on the way.`,
		Example: `  causeway bindings
  causeway bindings NetTcpBinding
  causeway bindings -o json
  causeway bindings --pairs`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			for _, b := range bindings.All() {
				names = append(names, b.Name)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	format := cli.FormatFlag(cmd)
	pairs := cmd.Flags().Bool("pairs", false, "say which bindings can be converted into which")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *pairs {
			if len(args) > 0 {
				return cli.Usage("--pairs lists all pairs: leave %s out", args[0])
			}
			return format.Write(cmd, convert.Pairs(), func() error { return writePairs(cmd.OutOrStdout()) })
		}
		if len(args) == 0 {
			return format.Write(cmd, listings(bindings.All()), func() error { return cli.Table(cmd.OutOrStdout(), bindingTable()) })
		}
		b, ok := bindings.Find(args[0])
		if !ok {
			return cli.Usage("%q is no binding: 'causeway bindings' lists them", args[0])
		}
		return format.Write(cmd, listings([]bindings.Binding{b})[0], func() error { return cli.Table(cmd.OutOrStdout(), bindingRows(&b)) })
	}
	return cmd
}

// listing is a binding as JSON shows it: its times in words, as everywhere else.
type listing struct {
	bindings.Binding

	Defaults limits `json:"defaults"`
}

// limits are bindings.Defaults.
type limits struct {
	bindings.Defaults

	Open    wire.Span `json:"open"`
	Close   wire.Span `json:"close"`
	Send    wire.Span `json:"send"`
	Receive wire.Span `json:"receive"`
}

func listings(all []bindings.Binding) []listing {
	list := make([]listing, 0, len(all))
	for i := range all {
		d := &all[i].Defaults
		list = append(list, listing{all[i], limits{*d, wire.Span(d.Open), wire.Span(d.Close), wire.Span(d.Send), wire.Span(d.Receive)}})
	}
	return list
}

// bindingTable shows every binding, one a row.
func bindingTable() [][]string {
	rows := [][]string{{"BINDING", "TRANSPORT", "ENCODER", "SOAP", "WSA", "SESSION", "SECURITY", "KIND", "SHAPE", "COUNTERPART"}}
	for _, b := range bindings.All() {
		rows = append(rows, []string{
			strings.TrimSuffix(b.Name, "Binding"), b.Transport, b.Encoder, b.SOAP, b.Addressing, b.Session, b.Security, string(b.Kind), b.Shape,
			dash(strings.TrimSuffix(b.Relay, "Binding")),
		})
	}
	return rows
}

// writePairs shows every pair of bindings, one a row, and once what all conversions lose.
func writePairs(out io.Writer) error {
	all := convert.Pairs()
	common := commonLosses(all)
	rows := [][]string{{"SENDERS", "SERVICE", "POSSIBLE", "LOSES, OR WHY NOT"}}
	for _, p := range all {
		possible, text := "no", p.Reason
		switch {
		case p.Same:
			possible, text = "bytes pass", ""
		case p.Possible:
			own := slices.DeleteFunc(p.Loses, func(l string) bool { return slices.Contains(common, l) })
			possible, text = "yes", strings.Join(own, "; ")
		}
		rows = append(rows, []string{p.From, p.To, possible, dash(text)})
	}
	if err := cli.Table(out, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nEvery conversion loses, beside that:\n  %s\n", strings.Join(common, "\n  "))
	return err
}

// commonLosses are what every conversion loses.
func commonLosses(all []convert.Pair) (common []string) {
	first := true
	for _, p := range all {
		switch {
		case !p.Possible || p.Same:
		case first:
			common, first = slices.Clone(p.Loses), false
		default:
			common = slices.DeleteFunc(common, func(l string) bool { return !slices.Contains(p.Loses, l) })
		}
	}
	return common
}

// bindingRows shows one binding, one member a row.
func bindingRows(b *bindings.Binding) [][]string {
	d := &b.Defaults
	span := func(t time.Duration) string { return t.String() }
	return [][]string{
		{"name", b.Name}, {"addresses", strings.Join(b.Schemes, ", ")}, {"transport", b.Transport}, {"encoder", b.Encoder},
		{"SOAP", b.SOAP}, {"WS-Addressing", b.Addressing}, {"session", b.Session}, {"security", b.Security},
		{"modes that pass", dash(strings.Join(b.Modes, ", "))}, {"transfer", strings.Join(b.Transfer, ", ")},
		{"relay", fmt.Sprintf("causeway relay create NAME --kind %s", b.Kind)}, {"shape", b.Shape}, {"counterpart", dash(b.Relay)},
		{"open, close, send timeout", span(d.Open) + ", " + span(d.Close) + ", " + span(d.Send)}, {"receive timeout", span(d.Receive)},
		{"message size", strconv.Itoa(d.MessageSize)}, {"depth", strconv.Itoa(d.Depth)}, {"string length", strconv.Itoa(d.StringLength)},
		{"array length", strconv.Itoa(d.ArrayLength)}, {"session strings", strconv.Itoa(d.SessionStrings)}, {"note", dash(b.Note)},
	}
}

// dash stands where there is nothing.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
