package relays

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// NewRule makes the commands of authorization rules and their keys.
func NewRule() *cobra.Command {
	g := cli.Group("rule", "Create, look at and change authorization rules and their keys",
		`  causeway rule list                                # of the namespace
  causeway rule create hyco Sender --rights Send    # of a relay
  causeway rule keys hyco Sender`)
	g.Long = `An authorization rule has a name, rights and two keys that are good at the same time. A rule of the namespace is good for
every relay, a rule of a relay for that relay. Commands take the relay's name first; without it the namespace is meant.`
	g.Aliases = []string{"authorization-rule"}
	c := cli.ConnectionFlags(g)
	g.AddCommand(newRuleCreate(c), newRuleList(c), newRuleUpdate(c), newRuleDelete(c), newRuleKeys(c))
	return g
}

// ruleArgs tells the relay, "" for the namespace, and the rule.
func ruleArgs(args []string) (entity, rule string) {
	if len(args) == 1 {
		return "", args[0]
	}
	return args[0], args[1]
}

// ruleFlags are the flags that set a rule.
type ruleFlags struct {
	rights             []string
	primary, secondary string
}

func (f *ruleFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.rights, "rights", nil, "`RIGHTS`: Listen, Send, Manage, more than one after commas; Manage includes the others")
	flags.StringVar(&f.primary, "primary-key", "", "`env:NAME or file:PATH` of a key to take over; default: a new one")
	flags.StringVar(&f.secondary, "secondary-key", "", "the same for the other key")
}

// change makes the request's body of the flags that were given.
func (f *ruleFlags) change(cmd *cobra.Command) (c wire.RuleChange, err error) {
	if cmd.Flags().Changed("rights") {
		c.Rights = &f.rights
	}
	if c.PrimaryKey, err = secretOf("primary-key", f.primary); err != nil {
		return c, err
	}
	c.SecondaryKey, err = secretOf("secondary-key", f.secondary)
	return c, err
}

// secretOf reads a key from where a flag says. A key itself is refused: everybody on the machine can see a command line.
func secretOf(flag, where string) (*wire.Key, error) {
	if where == "" {
		return nil, nil //nolint:nilnil // no flag, no key
	}
	var text string
	if name, ok := strings.CutPrefix(where, "env:"); ok {
		text = os.Getenv(name)
	} else if file, ok := strings.CutPrefix(where, "file:"); ok {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, cli.Usage("--%s: %v", flag, err)
		}
		text = strings.TrimRight(string(b), "\r\n")
	} else {
		return nil, cli.Usage("--%s: expected env:NAME or file:PATH: a key on the command line can be seen by others", flag)
	}
	if text == "" {
		return nil, cli.Usage("--%s: there is no key", flag)
	}
	key := wire.Key(text)
	return &key, nil
}

func newRuleCreate(c *cli.Connection) *cobra.Command {
	var flags ruleFlags
	cmd := &cobra.Command{
		Use: "create [NAME] RULE", Short: "Create a rule", Args: cli.Args(cobra.RangeArgs(1, 2)),
		Example: `  causeway rule create hyco Sender --rights Send
  causeway rule create Operators --rights Manage                        # of the namespace
  causeway rule create hyco Old --rights Send --primary-key file:old.key   # with the key that clients have already`,
		ValidArgsFunction: c.RelayNames,
	}
	flags.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !cmd.Flags().Changed("rights") {
			return cli.Usage("--rights is missing: give Listen, Send or Manage")
		}
		body, err := flags.change(cmd)
		if err != nil {
			return err
		}
		asked, err := c.Client()
		if err != nil {
			return err
		}
		entity, name := ruleArgs(args)
		r, err := asked.CreateRule(cmd.Context(), entity, name, body)
		if err != nil {
			return err
		}
		if cli.OnTerminal(cmd.OutOrStdout()) {
			defer fmt.Fprintf(cmd.ErrOrStderr(), "\nnext: 'causeway rule keys %s' shows its keys\n", strings.Join(args, " "))
		}
		return c.Format.Write(cmd, r, func() error { return ruleTable(cmd, r) })
	}
	return cmd
}

func newRuleList(c *cli.Connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list [NAME]", Short: "List the rules of a relay, or of the namespace", Args: cli.Args(cobra.MaximumNArgs(1)), Aliases: []string{"ls"},
		Example: `  causeway rule list
  causeway rule list hyco -o json`,
		ValidArgsFunction: c.RelayNames,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asked, err := c.Client()
		if err != nil {
			return err
		}
		list, err := asked.Rules(cmd.Context(), strings.Join(args, ""))
		if err != nil {
			return err
		}
		return c.Format.Write(cmd, list, func() error { return ruleTable(cmd, list...) })
	}
	return cmd
}

func ruleTable(cmd *cobra.Command, list ...wire.Rule) error {
	rows := [][]string{{"NAME", "RIGHTS"}}
	for _, r := range list {
		rows = append(rows, []string{r.Name, strings.Join(r.Rights, ",")})
	}
	return cli.Table(cmd.OutOrStdout(), rows)
}

func newRuleUpdate(c *cli.Connection) *cobra.Command {
	var flags ruleFlags
	cmd := &cobra.Command{
		Use: "update [NAME] RULE", Short: "Change a rule; what no flag names stays", Args: cli.Args(cobra.RangeArgs(1, 2)),
		Example:           `  causeway rule update hyco Sender --rights Listen,Send`,
		ValidArgsFunction: c.RelayNames,
	}
	flags.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body, err := flags.change(cmd)
		if err != nil {
			return err
		}
		if body == (wire.RuleChange{}) {
			return cli.Usage("nothing to change: give at least one flag")
		}
		asked, err := c.Client()
		if err != nil {
			return err
		}
		entity, name := ruleArgs(args)
		r, err := asked.UpdateRule(cmd.Context(), entity, name, body)
		if err != nil {
			return err
		}
		return c.Format.Write(cmd, r, func() error { return ruleTable(cmd, r) })
	}
	return cmd
}

func newRuleDelete(c *cli.Connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete [NAME] RULE", Short: "Delete a rule; who is connected stays", Args: cli.Args(cobra.RangeArgs(1, 2)), Aliases: []string{"rm"},
		Example:           `  causeway rule delete hyco Sender`,
		ValidArgsFunction: c.RelayNames,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asked, err := c.Client()
		if err != nil {
			return err
		}
		entity, name := ruleArgs(args)
		if err := asked.DeleteRule(cmd.Context(), entity, name); err != nil {
			return err
		}
		return c.Format.Write(cmd, deleted{Entity: entity, Name: name, Deleted: true}, func() error {
			_, err := fmt.Fprintf(cmd.ErrOrStderr(), "deleted %s\n", strings.Join(args, " "))
			return err
		})
	}
	return cmd
}

func newRuleKeys(c *cli.Connection) *cobra.Command {
	var which string
	cmd := &cobra.Command{
		Use: "keys [NAME] RULE", Short: "Print a rule's keys and connection string, or make a key anew", Args: cli.Args(cobra.RangeArgs(1, 2)),
		Long: `Print a rule's two keys and the connection string with the primary one. To change keys without a break, give clients the
secondary key, regenerate the primary one, give clients that, and regenerate the secondary one.`,
		Example: `  causeway rule keys hyco ListenSend
  causeway rule keys RootManageSharedAccessKey -o json | jq -r .connectionString
  causeway rule keys hyco ListenSend --regenerate primary`,
		ValidArgsFunction: c.RelayNames,
	}
	cmd.Flags().StringVar(&which, "regenerate", "", "`KEY` to make anew first: primary or secondary")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if which != "" && which != wire.Primary && which != wire.Secondary {
			return cli.Usage("--regenerate: expected primary or secondary")
		}
		asked, err := c.Client()
		if err != nil {
			return err
		}
		entity, name := ruleArgs(args)
		var keys wire.Keys
		if which == "" {
			keys, err = asked.Keys(cmd.Context(), entity, name)
		} else {
			keys, err = asked.Regenerate(cmd.Context(), entity, name, which)
		}
		if err != nil {
			return err
		}
		return c.Format.Write(cmd, keys, func() error {
			return cli.Table(cmd.OutOrStdout(), [][]string{
				{"primary key", string(keys.PrimaryKey)}, {"secondary key", string(keys.SecondaryKey)},
				{"connection string", keys.ConnectionString},
			})
		})
	}
	return cmd
}
