package node

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/config"
)

// NewConfig makes the commands that look at configurations.
func NewConfig() *cobra.Command {
	return cli.Group("config", "Look at configuration files", `  causeway config check --config causeway.yaml`, newConfigCheck())
}

func newConfigCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use: "check [FILE]", Short: "Tell everything that is wrong with a configuration", Args: cli.Args(cobra.MaximumNArgs(1)),
		Long: `Tell everything that is wrong with a configuration file and with the CAUSEWAY_ variables, one line for each problem with file,
line and column. The exit code is 2 when there is a problem; warnings alone are no problem. No value is ever shown.`,
		Example: `  causeway config check causeway.yaml
  causeway config check --config causeway.yaml -o json | jq .problems`,
	}
	file := configFlag(cmd)
	format := cli.FormatFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			if *file != "" {
				return cli.Usage("--config names the file already: leave %s out", args[0])
			}
			*file = args[0]
		}
		_, problems := config.Load(config.Params{File: *file})
		if problems == nil {
			problems = config.Problems{}
		}
		err := format.Write(cmd, problems, func() error {
			if len(problems) == 0 {
				_, err := fmt.Fprintln(cmd.ErrOrStderr(), "the configuration is in order")
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), problems.Error())
			return err
		})
		if err != nil {
			return err
		}
		if problems.Err() != nil {
			return cli.Silent(cli.ExitUsage)
		}
		return nil
	}
	return cmd
}
