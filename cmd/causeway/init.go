package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/gateway/config"
)

func newInit() *cobra.Command {
	var host string
	var force bool
	cmd := &cobra.Command{
		Use: "init [FILE]", Short: "Write a configuration file for production", Args: args(cobra.MaximumNArgs(1)),
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
			return usage("%v", err)
		}
		if file == "-" {
			_, err = cmd.OutOrStdout().Write(sample)
			return err
		}
		if err := writeNew(file, sample, force); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.ErrOrStderr(),
			"wrote %s\nnext: look through it, then 'causeway config check --config %s' and 'causeway serve --config %s'\n", file, file, file)
		return err
	}
	return cmd
}

// writeNew writes a file that only its owner can read, since keys may be written into it. One that is there is left alone
// unless it may be overwritten.
func writeNew(file string, b []byte, overwrite bool) error {
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if overwrite {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(file, mode, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists: give --force to overwrite it, or name another file", file)
	}
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}
