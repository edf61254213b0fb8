package descriptions

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/wsdl/bundle"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// bundled is what `wsdl bundle -o json` prints.
type bundled struct {
	File     string   `json:"file"`
	Bytes    int      `json:"bytes"`
	From     []string `json:"from"`     // the documents that are in it, the main one first
	Problems []string `json:"problems"` // documents that are not, and what else the reader found
}

func newBundle() *cobra.Command {
	cmd := &cobra.Command{
		Use: "bundle SERVICE", Short: "Write a description with all that it imports as one file", Args: cli.Args(cobra.ExactArgs(1)),
		Example: `  causeway wsdl bundle service.wsdl > single.wsdl
  causeway wsdl bundle --fetch --out single.wsdl 'https://relay.example/quote?wsdl'`,
		Long: `Writes one WSDL that means the same as the description and needs no other file: schemas inlined, one for each namespace;
includes, chameleons and redefinitions resolved; the WSDL documents merged. Tools that open no second file can read it, and a relay can
serve it as ?singleWsdl.
` + sources,
	}
	r := &reading{}
	r.flags(cmd)
	format := cli.FormatFlag(cmd)
	out := cmd.Flags().String("out", "", "`FILE` to write (default: standard output)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *format == cli.AsJSON && *out == "" {
			return cli.Usage("-o json tells about a file that was written: name it with --out")
		}
		d, err := r.load(cmd, args[0])
		if err != nil {
			return err
		}
		text, err := bundle.Bundle(d)
		if err != nil {
			return err
		}
		return writeBundle(cmd, d, text, *out, format)
	}
	return cmd
}

// writeBundle writes the document to a file or to standard output. Talk goes to standard error, since the document may be piped.
func writeBundle(cmd *cobra.Command, d *model.Description, text []byte, out string, format *cli.Format) error {
	b := &bundled{File: out, Bytes: len(text), From: []string{}, Problems: []string{}}
	for _, f := range d.Files {
		b.From = append(b.From, f.Name)
	}
	for _, p := range d.Problems {
		if p.Level > model.Note {
			b.Problems = append(b.Problems, cli.OneLine(p.String()))
		}
	}
	if *format != cli.AsJSON {
		for _, p := range b.Problems {
			if _, err := fmt.Fprintln(cmd.ErrOrStderr(), p); err != nil {
				return err
			}
		}
	}
	if out == "" {
		_, err := cmd.OutOrStdout().Write(text)
		return err
	}
	if err := os.WriteFile(out, text, 0o644); err != nil { //nolint:gosec // a description, for all to read
		return err
	}
	return format.Write(cmd, b, func() error {
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %d documents, %d bytes\n", out, len(b.From), b.Bytes)
		return err
	})
}
