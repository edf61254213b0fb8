package descriptions

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/sample"
)

// sampling is one run of `wsdl sample`.
type sampling struct {
	reading
	port, only    string
	full, minimal bool
	format        *cli.Format
}

func newSample() *cobra.Command {
	cmd := &cobra.Command{
		Use: "sample SERVICE [OPERATION]", Short: "Make a request and a response of an operation", Args: cli.Args(cobra.RangeArgs(1, 2)),
		Example: `  causeway wsdl sample service.wsdl                     # which operations there are
  causeway wsdl sample service.wsdl GetQuote
  causeway wsdl sample --only request --minimal service.wsdl GetQuote |
    curl --data-binary @- -H 'Content-Type: text/xml; charset=utf-8' -H 'SOAPAction: "..."' http://localhost:8080/quote`,
		Long: `Makes schema-valid messages: the request, the response and each declared fault, in the envelope of the port's binding,
with the headers that it declares. Optional things are written once; --minimal leaves them out, --full writes optional attributes,
repeats what may repeat and takes each branch of a repeated choice. Recursion ends as early as the schema allows.

Overloads are told apart by the name of their input: OPERATION:INPUT.
` + sources,
	}
	s := &sampling{}
	s.flags(cmd)
	s.format = cli.FormatFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&s.port, "port", "", "`NAME` of the port, or of a binding that no service has (default: the first SOAP port with the operation)")
	f.StringVar(&s.only, "only", "", "`WHICH` message to write, its body alone: request, response, or the name of a fault")
	f.BoolVar(&s.full, "full", false, "write all that may be there")
	f.BoolVar(&s.minimal, "minimal", false, "write only what must be there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return s.run(cmd, args) }
	return cmd
}

func (s *sampling) run(cmd *cobra.Command, args []string) error {
	opts := sample.Options{}
	switch {
	case s.full && s.minimal:
		return cli.Usage("--full and --minimal say opposite things: give one of them")
	case s.full:
		opts.Amount = sample.Full
	case s.minimal:
		opts.Amount = sample.Minimal
	}
	d, err := s.load(cmd, args[0])
	if err != nil {
		return err
	}
	if len(args) == 1 {
		return s.list(cmd, d)
	}
	target, err := sample.Find(d, args[1], s.port)
	if errors.Is(err, sample.ErrNoOperation) {
		return cli.Advised(cli.ExitNotFound, cli.OneLine(err.Error()), nameOne)
	}
	if err != nil {
		return err
	}
	made, err := sample.New(d).Make(target, opts)
	if err != nil {
		return err
	}
	for _, note := range made.Notes {
		if _, err := fmt.Fprintln(cmd.ErrOrStderr(), cli.OneLine(note)); err != nil {
			return err
		}
	}
	if s.only != "" {
		return s.one(cmd, made)
	}
	return s.format.Write(cmd, made, func() error { return tellSample(cmd.OutOrStdout(), made) })
}

// operation is a line of the list.
type operation struct {
	Operation string `json:"operation"`
	Port      string `json:"port"`
	Protocol  string `json:"protocol"`
	Input     string `json:"input,omitempty"`
}

// list tells which operations there are.
func (s *sampling) list(cmd *cobra.Command, d *model.Description) error {
	all := []operation{}
	rows := [][]string{{"OPERATION", "PORT", "PROTOCOL", "INPUT"}}
	for _, t := range sample.Targets(d) {
		port, input := t.Binding.Name.Local, ""
		if t.Port != nil {
			port = t.Port.Name
		}
		if s.port != "" && port != s.port {
			continue
		}
		if in := t.Op.Operation.Input; in != nil {
			input = in.Name
		}
		o := operation{t.Op.Operation.Name, port, t.Binding.Kind.String(), input}
		all = append(all, o)
		rows = append(rows, []string{cli.OneLine(o.Operation), cli.OneLine(o.Port), o.Protocol, cli.OneLine(o.Input)})
	}
	if len(all) == 0 && s.port != "" {
		return s.noPort(d)
	}
	return s.format.Write(cmd, all, func() error { return cli.Table(cmd.OutOrStdout(), rows) })
}

// nameOne is the advice behind a list of what there is.
const nameOne = "name one of them"

// noPort tells which ports there are.
func (s *sampling) noPort(d *model.Description) error {
	var ports []string
	for _, t := range sample.Targets(d) {
		port := t.Binding.Name.Local
		if t.Port != nil {
			port = t.Port.Name
		}
		if !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	text := fmt.Sprintf("port %s: the description does not have it: ports with operations are %s", s.port, strings.Join(ports, ", "))
	return cli.Advised(cli.ExitNotFound, cli.OneLine(text), nameOne)
}

// one writes the body of one message.
func (s *sampling) one(cmd *cobra.Command, made *sample.Sample) error {
	var found *sample.Message
	names := []string{}
	if made.Request != nil {
		names = append(names, "request")
	}
	if made.Response != nil {
		names = append(names, "response")
	}
	switch s.only {
	case "request":
		found = made.Request
	case "response":
		found = made.Response
	}
	for i := range made.Faults {
		names = append(names, made.Faults[i].Name)
		if found == nil && made.Faults[i].Name == s.only {
			found = &made.Faults[i]
		}
	}
	if found == nil {
		return cli.Usage("operation %s has no message %s: it has %s", made.Operation, s.only, strings.Join(names, ", "))
	}
	return s.format.Write(cmd, found, func() error {
		_, err := io.WriteString(cmd.OutOrStdout(), found.Body)
		return err
	})
}

// tellSample writes the messages as they go over HTTP.
func tellSample(w io.Writer, made *sample.Sample) error {
	var b strings.Builder
	head := func(first string, m *sample.Message) {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(cli.OneLine(first) + "\n")
		for _, h := range m.Headers {
			b.WriteString(cli.OneLine(h[0]+": "+h[1]) + "\n")
		}
		b.WriteString("\n" + m.Body)
		if m.Body != "" && !strings.HasSuffix(m.Body, "\n") {
			b.WriteString("\n")
		}
	}
	if m := made.Request; m != nil {
		target := m.Target
		if target == "" {
			target = "(the port has no address)"
		}
		head(m.Method+" "+target+" HTTP/1.1", m)
	}
	answer := func(m *sample.Message, what string) {
		head(fmt.Sprintf("HTTP/1.1 %d %s%s", m.Status, http.StatusText(m.Status), what), m)
	}
	if made.Response != nil {
		answer(made.Response, "")
	}
	for i := range made.Faults {
		answer(&made.Faults[i], "  (fault "+made.Faults[i].Name+")")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
