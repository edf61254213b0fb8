package connectors

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/bridge/azbridge"
	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/hybrid"
)

// maxAzbridgeFile bounds what is read of one file: twice what is taken.
const maxAzbridgeFile = 2 << 20

// Where azbridge itself looks for its files.
const (
	azbridgeMachine = "/etc/azbridge/azbridge_config.machine.yml"
	azbridgeUser    = ".azbridge/azbridge_config.yml"
	azbridgeString  = "AZURE_BRIDGE_CONNECTIONSTRING"
)

// NewAzbridge makes the command that takes azbridge's command lines.
func NewAzbridge() *cobra.Command {
	cmd := &cobra.Command{
		Use: "azbridge [OPTION]...", Short: "Run a command line of azbridge as it is",
		Long: `Take azbridge's options and configuration files, and run what they ask for: ports by name, so that the other end may be an azbridge
or a connector with a port name. Options are single letters, values stand behind a blank:

  -x STRING    connection string; else ` + azbridgeString + `, else ` + cli.EnvConnectionString + `
  -e URI -K NAME -k KEY -s TOKEN    endpoint, rule, key, ready token
  -L [ADDR:]PORT[/NAME][;...]:RELAY    listen here, connect at the other end
  -T RELAY:[NAME/][HOST:]PORT[;...]    listen at the relay, connect from here
  -R RELAY:HOST:[NAME/]PORT            the old order of the same
  -H RELAY:{http|https}/HOST[/PATH]:PORT    answer HTTP of the relay by a web server
  -f FILE -o KEY:VALUE    configuration file, one setting of it; -o json: events as objects on standard output
  -b ADDR -g -a SECONDS   local address, open to other hosts, keep-alive of listeners
  -l FILE -q -v -?        log file, quiet, verbose, help

Files are read in azbridge's order: ` + azbridgeMachine + `, then ~/` + azbridgeUser + ` or that of -f.
Datagrams (UDP) are not carried: such a binding is an error with its line. 'causeway import azbridge' writes the same as a causeway.yaml.`,
		Example: `  causeway azbridge -L 127.0.0.1:2222/ssh:bridge -x "$CONNECTION_STRING"
  causeway azbridge -T bridge:ssh/localhost:22
  causeway azbridge -f azbridge_config.yml`,
		DisableFlagParsing: true,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		said, problems := azbridge.ParseArgs(args)
		if said.Help {
			return cmd.Help()
		}
		s, err := readAzbridge(said)
		if err != nil {
			return err
		}
		f := cli.AsTable
		if said.JSON {
			f = cli.AsJSON
		}
		c := &connectors{Connection: &cli.Connection{Format: &f, Timeout: client.DefaultTimeout}, quiet: s.Quiet, grace: connect.DefaultGrace}
		fallback := os.Getenv(azbridgeString)
		if fallback == "" {
			fallback = c.Given()
		}
		list, found := s.Connectors(fallback)
		problems = append(problems, found...)
		if err := problems.Err(); err != nil {
			return err
		}
		for _, w := range problems {
			fmt.Fprintln(cmd.ErrOrStderr(), w)
		}
		if len(list) == 0 {
			return cli.Usage("nothing to run: give -L, -T or -H, or a file with LocalForward or RemoteForward")
		}
		if s.KeepAlive > 0 {
			c.more = append(c.more, hybrid.WithKeepAlive(s.KeepAlive))
		}
		closeLog, err := c.logTo(s.LogFile)
		if err != nil {
			return err
		}
		defer closeLog()
		return usageOf(c.run(cmd, list))
	}
	return cmd
}

// logTo has lines go to a file instead of standard error.
func (c *connectors) logTo(name string) (closeFile func(), err error) {
	if name == "" {
		return func() {}, nil
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log file: %w: name another with -l", err)
	}
	c.out = file
	return func() { _ = file.Close() }, nil
}

// readAzbridge reads the files in azbridge's order, and the options over them.
func readAzbridge(said azbridge.Args) (*azbridge.Settings, error) {
	s := new(azbridge.Settings)
	files := []string{azbridgeMachine}
	switch home, err := os.UserHomeDir(); {
	case said.File != "":
		files = append(files, said.File)
	case err == nil:
		files = append(files, filepath.Join(home, azbridgeUser))
	}
	for _, name := range files {
		b, err := readBounded(name)
		switch {
		case errors.Is(err, fs.ErrNotExist) && name != said.File:
			continue
		case err != nil:
			return nil, cli.Usage("%v", err)
		}
		s.ReadFile(name, b)
	}
	s.ReadArgs(said)
	return s, nil
}

// readBounded reads a file, no more than is taken of one; - is standard input.
func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxAzbridgeFile))
}

// NewImport makes the commands that bring in other products' files.
func NewImport() *cobra.Command {
	return cli.Group("import", "Bring in what other products have", `  causeway import azbridge azbridge_config.yml`, newImportAzbridge())
}

func newImportAzbridge() *cobra.Command {
	var out string
	var force, partial bool
	cmd := &cobra.Command{
		Use: "azbridge FILE", Short: "Write a causeway.yaml of an azbridge configuration", Args: cli.Args(cobra.ExactArgs(1)),
		Long: `Read a configuration file of azbridge and write its forwards as connectors of a causeway.yaml, with the port names that azbridge peers
ask for. What has no counterpart is told with its line: as a warning when it changes nothing, else as an error, and then nothing is
written unless --partial is given. The file holds keys and is readable by its owner alone.`,
		Example: `  causeway import azbridge /etc/azbridge/azbridge_config.machine.yml
  causeway import azbridge azbridge_config.yml --out - | less
  causeway listen --config causeway.yaml      # run what was imported`,
	}
	cmd.Flags().StringVar(&out, "out", "causeway.yaml", "`FILE` to write; - for standard output")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite the file if it is there")
	cmd.Flags().BoolVar(&partial, "partial", false, "write what can be imported, whatever cannot")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		b, err := readBounded(args[0])
		if err != nil {
			return cli.Usage("%v", err)
		}
		var s azbridge.Settings
		s.ReadFile(args[0], b)
		list, problems := s.Connectors(os.Getenv(cli.EnvConnectionString))
		if problems.Err() != nil && !partial {
			return problems
		}
		for _, p := range problems {
			fmt.Fprintln(cmd.ErrOrStderr(), p)
		}
		file, err := azbridge.File(list)
		if err != nil {
			return err
		}
		if out == "-" {
			_, err = cmd.OutOrStdout().Write(file)
			return err
		}
		if err := cli.WriteNew(out, file, force); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "wrote %s: %d connectors\nnext: look through it, then 'causeway listen --config %s'\n", out, len(list), out)
		return err
	}
	return cmd
}
