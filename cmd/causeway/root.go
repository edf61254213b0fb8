package main

import (
	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
)

// newRoot makes the whole tree of commands. A command is a function newX in a file of its own and a line here.
func newRoot() *cobra.Command {
	root := cli.Group("causeway", "A relay gateway for Azure Relay clients: Hybrid Connections and WCF relay on your own machines",
		`  causeway demo                                     # two nodes, a listener and senders, step by step
  causeway serve --ready-file ready.json            # a node on loopback, nothing to configure
  causeway relay create hyco                        # a relay; prints its connection string`,
		newDemo(),
		newServe(),
		newInit(),
		newTrust(),
		newService(),
		newConfig(),
		newReload(),
		newListen(),
		newForward(),
		newAzbridge(),
		newImport(),
		newRelay(),
		newRule(),
		newToken(),
		newStatus(),
		newDoctor(),
		newTop(),
		newTail(),
		newBindings(),
		newSoap(),
		newVersion(),
	)
	root.Long = `Causeway is a self-hosted gateway for Azure Relay: programs behind firewalls dial out and listen, programs elsewhere
reach them. Existing SDKs and WCF bindings work with another host name in their connection string.

Data goes to standard output, everything else to standard error. Exit codes: 0 ok, 1 failure, 2 usage, 3 not found,
4 unauthorized, 5 unreachable or timed out.`
	root.CompletionOptions.HiddenDefaultCmd = false
	return root
}
