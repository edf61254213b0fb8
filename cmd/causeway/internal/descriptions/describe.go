package descriptions

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/wsdl/describe"
)

func newDescribe() *cobra.Command {
	cmd := &cobra.Command{
		Use: "describe SERVICE", Short: "Show services, operations, messages and types as a tree", Args: cli.Args(cobra.ExactArgs(1)),
		Example: `  causeway wsdl describe service.wsdl
  causeway wsdl describe --short service.wsdl           # services, ports and operations only
  causeway wsdl describe -o json service.wsdl | jq '.services[].ports[].address'`,
		Long: `Reads a WSDL 1.1 description with all that it imports and draws it: what each service offers at which address and binding,
what its policies ask for, what each message is made of, and all types, with how often things stand ([0..1], [0..*]), what may be nil,
and which values are allowed. The JSON form is described in docs/wsdl.md and stays as it is.
` + sources,
	}
	r := &reading{}
	r.flags(cmd)
	format := cli.FormatFlag(cmd)
	short := cmd.Flags().Bool("short", false, "leave out elements and types")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d, err := r.load(cmd, args[0])
		if err != nil {
			return err
		}
		o := describe.Describe(d)
		if *short {
			o.Elements, o.Types, o.Groups, o.Attributes = nil, nil, nil, nil
		}
		return format.Write(cmd, o, func() error {
			_, err := io.WriteString(cmd.OutOrStdout(), o.Tree())
			return err
		})
	}
	return cmd
}
