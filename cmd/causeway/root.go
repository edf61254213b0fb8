package main

import (
	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/connectors"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/descriptions"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/messages"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/node"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/relays"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/watch"
)

// newRoot makes the whole tree of commands. A command is a function NewX in a file of its own, in one of
// the packages below internal, and a line here.
func newRoot() *cobra.Command {
	root := cli.Group("causeway", "A relay gateway for Azure Relay clients: Hybrid Connections and WCF relay on your own machines",
		`  causeway demo                                     # two nodes, a listener and senders, step by step
  causeway serve --ready-file ready.json            # a node on loopback, nothing to configure
  causeway relay create hyco                        # a relay; prints its connection string`,
		newDemo(),
		node.NewServe(),
		node.NewInit(),
		node.NewTrust(),
		node.NewService(),
		node.NewConfig(),
		node.NewReload(),
		connectors.NewListen(),
		connectors.NewForward(),
		connectors.NewAzbridge(),
		connectors.NewImport(),
		relays.NewRelay(),
		relays.NewRule(),
		relays.NewToken(),
		watch.NewStatus(),
		watch.NewDoctor(),
		watch.NewTop(),
		watch.NewTail(),
		watch.NewTap(),
		messages.NewBindings(),
		messages.NewSoap(),
		descriptions.NewWSDL(),
		newVersion(),
	)
	root.Long = `Causeway is a self-hosted gateway for Azure Relay: programs behind firewalls dial out and listen, programs elsewhere
reach them. Existing SDKs and WCF bindings work with another host name in their connection string.

Data goes to standard output, everything else to standard error. Exit codes: 0 ok, 1 failure, 2 usage, 3 not found,
4 unauthorized, 5 unreachable or timed out.`
	root.Version = buildInfo().String() // which gives it the flag --version
	root.SetVersionTemplate("{{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = false
	return root
}
