package descriptions

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
)

// newGoWSDL makes the command that takes gowsdl's command line (v0.5.0: flags of one dash, whatever their length), so that a Makefile or
// a go:generate line moves over by its first word.
func newGoWSDL() *cobra.Command {
	return &cobra.Command{
		Use:   "gowsdl [-p NAME] [-o FILE.go] [-d DIR] [-i] [-make-public] SERVICE.wsdl|URL",
		Short: "Write a Go package by gowsdl's command line and with its names",
		Example: `  causeway wsdl gowsdl -o quote.go -p quote -d internal service.wsdl
  //go:generate causeway wsdl gowsdl -o quote.go -p quote service.wsdl`,
		Long: `The same as "causeway wsdl go --names=gowsdl", with the flags that gowsdl has and their defaults: -p is the package (myservice),
-d the folder that its folder is made in (./), -o the file of the clients (myservice.go; types and codecs are files beside it).
-i is taken and does nothing: certificates are checked. -make-public=false is refused: what a package does not export nobody
can use from another one.`,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			g := &generate{names: "gowsdl"}
			f := flag.NewFlagSet("gowsdl", flag.ContinueOnError)
			f.SetOutput(io.Discard) // its error is told once
			f.StringVar(&g.pkg, "p", "myservice", "`NAME` of the package")
			f.StringVar(&g.file, "o", "myservice.go", "`FILE` for the clients")
			f.StringVar(&g.dir, "d", "./", "`DIR` to make the package's folder in")
			f.Bool("i", false, "taken and not needed: certificates are checked")
			public := f.Bool("make-public", true, "exported names; no others are made")
			version := f.Bool("v", false, "say which gowsdl's names these are")
			usage := func() error { return cmd.Help() }
			f.Usage = func() {}
			switch err := f.Parse(args); {
			case errors.Is(err, flag.ErrHelp):
				return usage()
			case err != nil:
				return cli.Usage("%v", err)
			case *version:
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "names of gowsdl v0.5.0")
				return err
			case f.NArg() != 1:
				return cli.Usage("name one description; causeway wsdl gowsdl -h lists the flags")
			case !*public:
				return cli.Usage("-make-public=false is not supported: the package exports its names")
			}
			return g.run(cmd, f.Arg(0))
		},
	}
}
