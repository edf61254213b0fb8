package descriptions

import (
	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
)

// NewWSDL makes the commands of service descriptions.
func NewWSDL() *cobra.Command {
	return cli.Group("wsdl", "Read service descriptions: check, describe, sample, diff, bundle, go",
		`  causeway wsdl check service.wsdl
  causeway wsdl describe 'https://relay.example/quote?wsdl'
  causeway wsdl sample service.wsdl GetQuote
  causeway wsdl diff v1.wsdl v2.wsdl
  causeway wsdl bundle service.wsdl > single.wsdl
  causeway wsdl go --package quote 'https://relay.example/quote?wsdl'`,
		newCheck(), newDescribe(), newSample(), newDiff(), newBundle(), newGo(), newGoWSDL())
}
