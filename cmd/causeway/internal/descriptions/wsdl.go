package descriptions

import (
	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
)

// NewWSDL makes the commands of service descriptions.
func NewWSDL() *cobra.Command {
	return cli.Group("wsdl", "Read service descriptions and write Go of them",
		`  causeway wsdl go service.wsdl
  causeway wsdl go --package quote 'https://relay.example/quote?wsdl'`,
		newGo())
}
