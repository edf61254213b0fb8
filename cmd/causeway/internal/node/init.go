package node

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/config"
)

// NewInit makes the command that writes a configuration.
func NewInit() *cobra.Command {
	var host string
	var force bool
	cmd := &cobra.Command{
		Use: "init [FILE]", Short: "Write a configuration file for production", Args: cli.Args(cobra.MaximumNArgs(1)),
		Long: `Write a causeway.yaml with every key in it, for a gateway that others can reach: port 443, a certificate by ACME, a log
for collectors. Lines that may stay away are comments. FILE is causeway.yaml when it is not given, and standard output for -.`,
		Example: `  causeway init --host relay.example.com
  causeway init /etc/causeway/causeway.yaml --host relay.example.com
  causeway init - | less`,
	}
	cmd.Flags().StringVar(&host, "host", "", "`NAME` under which clients will reach the gateway")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite the file if it is there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		file := "causeway.yaml"
		if len(args) > 0 {
			file = args[0]
		}
		sample, err := config.Sample(host)
		if err != nil {
			return cli.Usage("%v", err)
		}
		if file == "-" {
			_, err = cmd.OutOrStdout().Write(sample)
			return err
		}
		if err := cli.WriteNew(file, sample, force); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.ErrOrStderr(),
			"wrote %s\nnext: look through it, then 'causeway config check --config %s' and 'causeway serve --config %s'\n", file, file, file)
		return err
	}
	return cmd
}
