package connectors

import (
	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/bridge/azbridge"
	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
)

// NewForward makes the command that opens a local address.
func NewForward() *cobra.Command {
	var bind, portName string
	var local []string
	cmd := &cobra.Command{
		Use: "forward [NAME]", Short: "Open a local port, or standard input and output, that leads to a relay", Args: cli.Args(cobra.MaximumNArgs(1)),
		Long: `Open a local address; each connection to it becomes a sender of the relay NAME and so reaches the service behind its listener.
Whoever reaches the address may send: keep it on loopback, or behind a firewall. A Unix socket is open to its user alone.

A connection that does not come through is reset, and the line on standard error says why and what to do. One line a connection is
written there, with -o json also one object a line to standard output; the event forward.opened has the address, for port 0. SIGINT
or SIGTERM closes the address and gives connections --grace to end; a second one ends them.

With --bind - standard input and output are the one sender, and no address is opened: for the ProxyCommand of OpenSSH, and for pipes.
The end of standard input is passed on alone, and the end of what comes closes standard output. An orderly end of both is exit code 0
without a word; anything else is told on standard error, with the tracking id. A signal, or an output that nobody reads any more, ends it.`,
		Example: `  causeway forward ssh --bind 127.0.0.1:2222          # then: ssh -p 2222 localhost
  causeway forward db --bind /run/user/1000/db.sock
  causeway forward web --bind 127.0.0.1:0 -o json     # any free port
  ssh -o ProxyCommand='causeway forward ssh --bind -' plant
  causeway forward --config causeway.yaml             # every connector of the file, also those that listen
  causeway forward -L '2222/ssh;3389/rdp:bridge'      # azbridge at the other end: ports by name`,
	}
	c := connectorFlags(cmd)
	cmd.ValidArgsFunction = c.RelayNames
	flags := cmd.Flags()
	flags.StringVar(&bind, "bind", "", "`ADDR` to open: HOST:PORT, :PORT for all interfaces, port 0 for any free one, or the path of a Unix socket; - (or stdio://) is standard input and output")
	flags.StringArrayVarP(&local, "local-forward", "L", nil, "azbridge's `[ADDR:]PORT[/NAME][;...]:RELAY`, with its preamble; may be repeated")
	flags.StringVar(&portName, "port-name", "", "`NAME` of the port to ask an azbridge at the other end for")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := c.alone(cmd, args, "bind", "port-name", "local-forward"); err != nil {
			return err
		}
		switch {
		case c.file != "":
			return c.run(cmd, nil)
		case len(local) > 0:
			if flag := firstChanged(cmd, []string{"bind", "port-name"}); len(args) > 0 || flag != "" {
				return cli.Usage("-L says everything: leave NAME, --bind and --port-name out")
			}
			return c.runAll(cmd, local, azbridge.Local)
		case bind == "":
			return cli.Usage("no address: give --bind HOST:PORT, the path of a Unix socket or - for standard input and output, or --config FILE")
		}
		name, err := c.named(args)
		if err != nil {
			return err
		}
		one := connect.Connector{Forward: name, Bind: bind, PortName: portName}
		if bind == onStdio || bind == "stdio://" {
			return c.stdio(cmd, one)
		}
		return c.one(cmd, one)
	}
	return cmd
}
