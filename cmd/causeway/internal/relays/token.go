package relays

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage/client"
)

// NewToken makes the command that signs a token, and the one that checks one.
func NewToken() *cobra.Command {
	var rule string
	var ttl time.Duration
	cmd := &cobra.Command{
		Use: "token NAME", Short: "Print a token for a relay", Args: cli.Args(cobra.ExactArgs(1)),
		Long: `Print a shared access signature for http://HOST/NAME and nothing else. With a connection string and without --rule it is
signed here, without asking the gateway. Otherwise the key is asked for, which takes the right Manage: that of the rule of
the relay or, if it has none of that name, of the namespace; without --rule that of the relay's first rule.
A relay whose name is check is written /check here.`,
		Example: `  causeway token hyco
  causeway token hyco --rule Sender --ttl 15m
  curl -H "ServiceBusAuthorization: $(causeway token hyco)" https://relay.example.com/hyco`,
	}
	c := cli.ConnectionFlags(cmd)
	cmd.AddCommand(newTokenCheck(c))
	cmd.ValidArgsFunction = c.RelayNames
	cmd.Flags().StringVar(&rule, "rule", "", "`RULE` that signs; default: that of the connection string")
	cmd.Flags().DurationVar(&ttl, "ttl", time.Hour, "`TIME` for which the token is good")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if ttl <= 0 {
			return cli.Usage("--ttl: expected a time of more than zero, such as 1h")
		}
		if err := entity.CheckName(args[0]); err != nil {
			return cli.Usage("%v", err)
		}
		expiry := time.Now().Add(ttl)
		token, err := tokenOf(cmd.Context(), c, args[0], rule, expiry)
		if err != nil {
			return err
		}
		return c.Format.Write(cmd, tokenOutput{token, expiry.UTC().Truncate(time.Second)}, func() error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), token)
			return err
		})
	}
	return cmd
}

// tokenOutput is what -o json shows.
type tokenOutput struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}

// tokenOf signs with the connection string at hand, or with the one of a rule that the gateway is asked for.
func tokenOf(ctx context.Context, c *cli.Connection, name, rule string, expiry time.Time) (string, error) {
	if given := c.Given(); given != "" && rule == "" {
		token, err := client.Token(given, name, expiry)
		if err != nil {
			return "", cli.Usage("%v", err)
		}
		return token, nil
	}
	asked, err := c.Client()
	if err != nil {
		return "", err
	}
	connectionString, err := ruleString(ctx, asked, name, rule)
	if err != nil {
		return "", err
	}
	return client.Token(connectionString, name, expiry)
}

// ruleString asks for the connection string of a relay's rule, else of the namespace's rule of that name. Without a name
// the relay's first rule is meant, or the namespace's root rule when it has none.
func ruleString(ctx context.Context, asked *client.Client, name, rule string) (string, error) {
	if rule == "" {
		list, err := asked.Rules(ctx, name)
		if err != nil {
			return "", err
		}
		if len(list) == 0 {
			keys, err := cli.RootKeys(ctx, asked)
			return keys.ConnectionString, err
		}
		rule = list[0].Name
	}
	keys, err := asked.Keys(ctx, name, rule)
	var no *client.Error
	if errors.As(err, &no) && no.Status == http.StatusNotFound {
		keys, err = asked.Keys(ctx, "", rule)
	}
	return keys.ConnectionString, err
}
