package connectors

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/bridge/azbridge"
	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// webFlags are those of 'listen' for targets that are web servers.
var webFlags = []string{"host", "prefix", "add-header", "remove-header", "target-ca-file", "cert", "key"}

// NewListen makes the command that leads senders to a service.
func NewListen() *cobra.Command {
	var target, portName, prefix string
	var remote, add []string
	var web connect.Web
	var conv connect.Convert
	cmd := &cobra.Command{
		Use: "listen [NAME]", Short: "Make a service reachable through a relay", Args: cli.Args(cobra.MaximumNArgs(1)),
		Long: `Listen on the relay NAME and lead each of its senders to one target: tcp://HOST:PORT, net.tcp://HOST:PORT, unix:///PATH,
http://HOST:PORT/PATH or https://HOST:PORT/PATH. Senders reach nothing else. No inbound port is needed here: the command dials out.

To a target of http go requests of HTTP senders, and WebSockets of plain WebSocket senders; the relay's name is cut off the front of
the path. All other senders are led to it as bytes.

With --as, senders and the service may speak different WCF bindings: each SOAP message is converted, and its answer back.
'causeway bindings --pairs' says what can become what, and what that loses.

The listener comes back by itself when the gateway or the network was away. One line a connection is written to standard error,
with -o json also one object a line to standard output. SIGINT or SIGTERM takes the listener away and gives connections --grace to
end; a second one ends them. Exit codes of a first attempt that is refused: 3 no such relay, 4 key or right, 5 unreachable.`,
		Example: `  causeway listen ssh --target tcp://localhost:22
  causeway listen web --target http://localhost:8080 --add-header 'X-From: relay'
  causeway listen calc --as basicHttp --target net.tcp://localhost:808/calc   # SOAP 1.1 callers at a net.tcp service
  causeway listen desk --as netTcp --target http://localhost:8000/desk        # net.tcp callers at a SOAP 1.1 service
  causeway listen db --target unix:///run/postgresql/.s.PGSQL.5432 -o json
  causeway listen --config causeway.yaml                     # every connector of the file, also those that forward
  causeway listen -T 'bridge:ssh/localhost:22;rdp/win:3389'  # azbridge at the other end: ports by name`,
	}
	c := connectorFlags(cmd)
	cmd.ValidArgsFunction = c.RelayNames
	flags := cmd.Flags()
	flags.StringVar(&target, "target", "", "`URL` to lead senders to")
	flags.StringArrayVarP(&remote, "remote-forward", "T", nil, "azbridge's `RELAY:[NAME/][HOST:]PORT[;...]`, with its preamble; may be repeated")
	flags.StringVar(&portName, "port-name", "", "`NAME` of the port for an azbridge at the other end")
	flags.StringVar(&web.Host, "host", "", "`HOST` that a web server sees; keep for what the sender wrote; default: the target's")
	flags.StringVar(&prefix, "prefix", "", "`FROM=TO`: beginning of the sender's path, and what is put there; default: the relay's name, and the target's path")
	flags.StringArrayVar(&add, "add-header", nil, "header field `'NAME: VALUE'` that a web server sees; may be repeated")
	flags.StringArrayVar(&web.Remove, "remove-header", nil, "`NAME` of a header field that is taken out; may be repeated")
	flags.StringVar(&web.CAFile, "target-ca-file", "", "PEM `FILE` of the authorities of an https target; default: the system's")
	flags.StringVar(&web.Cert, "cert", "", "PEM `FILE` of a client certificate for an https target")
	flags.StringVar(&web.Key, "key", "", "PEM `FILE` of its key")
	convertFlags(cmd, &conv)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		single := append([]string{"target", "port-name", "as", "target-as", "one-way"}, webFlags...)
		if err := c.alone(cmd, args, append(single, "remote-forward")...); err != nil {
			return err
		}
		switch {
		case c.file != "":
			return c.run(cmd, nil)
		case len(remote) > 0:
			if flag := firstChanged(cmd, single); len(args) > 0 || flag != "" {
				return cli.Usage("-T says everything: leave NAME and other flags of one connector out")
			}
			return c.runAll(cmd, remote, azbridge.Remote)
		case target == "":
			return cli.Usage("no target: give --target tcp://HOST:PORT, unix:///PATH or http://HOST:PORT, or --config FILE")
		}
		var err error
		if web.From, web.To, err = prefixOf(prefix); err != nil {
			return err
		}
		if web.Add, err = headersOf(add); err != nil {
			return err
		}
		name, err := c.named(args)
		if err != nil {
			return err
		}
		return c.one(cmd, connect.Connector{Listen: name, Target: target, PortName: portName, Web: web, Convert: conv})
	}
	return cmd
}

// convertFlags adds the flags of a connector between senders and a service of different bindings.
func convertFlags(cmd *cobra.Command, to *connect.Convert) {
	flags := cmd.Flags()
	flags.StringVar(&to.As, "as", "", "`BINDING` of the senders, where the service speaks another: "+convert.Names())
	flags.StringVar(&to.TargetAs, "target-as", "", "`BINDING` of the service; default: netTcp for net.tcp, basicHttp for http")
	flags.StringArrayVar(&to.OneWay, "one-way", nil, "`ACTION` of an operation without an answer, * at its end for all that begin so; may be repeated")
	names := func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var names []cobra.Completion
		for _, b := range convert.Bindings() {
			names = append(names, b.Name)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	for _, flag := range []string{"as", "target-as"} {
		_ = cmd.RegisterFlagCompletionFunc(flag, names) // it fails for a flag that is not there: it was made above
	}
}

// one runs a single connector.
func (c *connectors) one(cmd *cobra.Command, one connect.Connector) error {
	if err := checked(&one); err != nil {
		return err
	}
	return usageOf(c.run(cmd, []connect.Connector{one}))
}

// checked tells the first flaw of a connector by the flag that it stands at.
func checked(one *connect.Connector) error {
	for _, flaw := range one.Check() {
		return cli.Usage("%s: %s", flagOf(flaw.Key), flaw.Message)
	}
	return nil
}

// flagOf is the flag that sets a key of a connector.
func flagOf(key string) string {
	switch key {
	case "listen", "forward":
		return "NAME"
	case "portName":
		return "--port-name"
	case "targetAs":
		return "--target-as"
	case "oneWay":
		return "--one-way"
	case "prefix.from", "prefix.to":
		return "--prefix"
	case "headers.add":
		return "--add-header"
	case "headers.remove":
		return "--remove-header"
	case "caFile":
		return "--target-ca-file"
	}
	return "--" + key
}

// runAll runs the connectors of values in azbridge's grammar.
func (c *connectors) runAll(cmd *cobra.Command, values []string, read func(text, connectionString string) ([]connect.Connector, error)) error {
	fallback, err := c.fallback(cmd.Context())
	if err != nil {
		return err
	}
	var list []connect.Connector
	for _, text := range values {
		some, err := read(text, fallback)
		if err != nil {
			return err
		}
		list = append(list, some...)
	}
	return usageOf(c.run(cmd, list))
}

// firstChanged is the first of the flags that was given; "" for none.
func firstChanged(cmd *cobra.Command, flags []string) string {
	for _, name := range flags {
		if cmd.Flags().Changed(name) {
			return name
		}
	}
	return ""
}

// prefixOf reads FROM=TO.
func prefixOf(text string) (from, to string, err error) {
	if text == "" {
		return "", "", nil
	}
	from, to, ok := strings.Cut(text, "=")
	if !ok || from == "" || to == "" {
		return "", "", cli.Usage("--prefix: expected FROM=TO, for instance /web=/app")
	}
	return from, to, nil
}

// headersOf reads NAME: VALUE.
func headersOf(list []string) (fields []shape.Field, err error) {
	for _, text := range list {
		name, value, ok := strings.Cut(text, ":")
		if !ok {
			return nil, cli.Usage("--add-header: expected 'NAME: VALUE'")
		}
		fields = append(fields, shape.Field{Name: name, Value: strings.TrimSpace(value)})
	}
	return fields, nil
}
