package relays

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// NewRelay makes the commands of relays.
func NewRelay() *cobra.Command {
	var c *cli.Connection
	g := cli.Group("relay", "Create, look at and change relays", `  causeway relay create hyco
  causeway relay list
  causeway relay show hyco`)
	g.Aliases = []string{"hyco"}
	c = cli.ConnectionFlags(g)
	g.AddCommand(newRelayCreate(c), newRelayList(c), newRelayShow(c), newRelayUpdate(c), newRelayDelete(c))
	return g
}

// relayFlags are the flags that set policies of a relay.
type relayFlags struct {
	kind, timeout, target, tls string
	anonymous, plain, sticky   bool
	allow, metadata, oneWay    []string
	binding, address           string
}

func (f *relayFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.kind, "kind", string(entity.Hybrid), "`KIND`: hybrid, nettcp, http, oneway or event; sets defaults and keeps nobody out")
	flags.BoolVar(&f.anonymous, "anonymous-senders", false, "let senders in without a token; listeners always need one")
	flags.StringVar(&f.timeout, "response-timeout", "", "`TIME` for a listener's answer to an HTTP request, from 1ms to 24h; default: the gateway's timeouts.response")
	flags.StringVar(&f.target, "request-target", "service", "how listeners see a request's path: service (decoded) or raw")
	flags.BoolVar(&f.plain, "plain-websocket", true, "let WebSocket clients that know nothing of relays be senders")
	flags.StringVar(&f.tls, "tls", "passthrough", "what becomes of a net.tcp client's upgrade to TLS: passthrough (the listener's) or terminate (ends at the gateway)")
	flags.BoolVar(&f.sticky, "sticky", false, "let senders of one network address keep to one listener")
	flags.StringSliceVar(&f.allow, "allow", nil, "`NETWORKS` that senders may come from, such as 192.0.2.0/24; default: all")
	flags.StringSliceVar(&f.metadata, "metadata", nil, "`FILES` of a description to serve in the place of the service's, at ?wsdl: WSDL first, then what it imports; \"\": the service's own")
	flags.StringVar(&f.binding, "listener-binding", "", "`BINDING` that listeners speak where senders speak another: messages are converted ('causeway bindings --pairs'); \"\": none are")
	flags.StringVar(&f.address, "service-address", "", "`ADDRESS` of the service that converted messages name, such as net.tcp://localhost:808/calc; \"\": the relay's own")
	flags.StringSliceVar(&f.oneWay, "one-way", nil, "`ACTIONS` of operations without an answer, for converted messages that do not tell; * at the end for all that begin so; \"\": none")
	kinds := make([]cobra.Completion, 0, len(entity.Kinds()))
	for _, k := range entity.Kinds() {
		kinds = append(kinds, cobra.Completion(k))
	}
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp)) // fails for an unknown flag only
	var bindings []cobra.Completion
	for _, b := range convert.Bindings() {
		if !b.Any && !b.Plain {
			bindings = append(bindings, b.Name)
		}
	}
	_ = cmd.RegisterFlagCompletionFunc("listener-binding", cobra.FixedCompletions(bindings, cobra.ShellCompDirectiveNoFileComp))
}

// change makes the request's body of the flags that were given.
func (f *relayFlags) change(cmd *cobra.Command) (wire.EntityChange, error) {
	var c wire.EntityChange
	var s wire.SettingsChange
	given := cmd.Flags().Changed
	if given("kind") {
		if err := checkKind(f.kind); err != nil {
			return c, err
		}
		c.Kind = &f.kind
	}
	if given("anonymous-senders") {
		c.AnonymousSenders = &f.anonymous
	}
	if given("request-target") {
		s.RequestTarget = &f.target
	}
	if given("plain-websocket") {
		s.PlainWebSocket = &f.plain
	}
	if given("tls") {
		s.TLS = &f.tls
	}
	if given("sticky") {
		s.Sticky = &f.sticky
	}
	if given("response-timeout") {
		span, err := responseTime(f.timeout)
		if err != nil {
			return c, cli.Usage("--response-timeout: %v", err)
		}
		s.ResponseTimeout = &span
	}
	if given("allow") {
		networks, err := networksOf(f.allow)
		if err != nil {
			return c, cli.Usage("--allow: %v", err)
		}
		s.Allow = &networks
	}
	if given("metadata") {
		documents, err := documentsOf(f.metadata)
		if err != nil {
			return c, cli.Usage("--metadata: %v", err)
		}
		s.Metadata = &documents
	}
	f.conversion(given, &s)
	if s != (wire.SettingsChange{}) {
		c.Settings = &s
	}
	return c, nil
}

// conversion puts what was given of a conversion into the body.
func (f *relayFlags) conversion(given func(string) bool, s *wire.SettingsChange) {
	if given("listener-binding") {
		s.ListenerBinding = &f.binding
	}
	if given("service-address") {
		s.ServiceAddress = &f.address
	}
	if given("one-way") {
		actions := slices.DeleteFunc(slices.Clone(f.oneWay), func(action string) bool { return action == "" })
		s.OneWay = &actions
	}
}

// checkKind refuses what is no kind.
func checkKind(kind string) error {
	if kind != "" && !slices.Contains(entity.Kinds(), entity.Kind(kind)) {
		words := make([]string, 0, len(entity.Kinds()))
		for _, k := range entity.Kinds() {
			words = append(words, string(k))
		}
		return cli.Usage("--kind: expected one of %s", strings.Join(words, ", "))
	}
	return nil
}

// responseTime reads a time span; default is the gateway's own.
func responseTime(text string) (wire.Duration, error) {
	if text == "default" {
		return 0, nil
	}
	return wire.ParseDuration(text)
}

// networksOf reads a list of networks; an empty text is none: everybody may come.
func networksOf(list []string) ([]netip.Prefix, error) {
	networks := []netip.Prefix{}
	for _, text := range list {
		if text == "" {
			continue
		}
		network, err := wire.ParseNetwork(text)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

func newRelayCreate(c *cli.Connection) *cobra.Command {
	var flags relayFlags
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Create a relay and print its connection string", Args: cli.Args(cobra.ExactArgs(1)),
		Long: `Create a relay and print the connection string of its first rule, ListenSend, which may listen and send there and nowhere
else. It is printed once; 'causeway rule keys NAME ListenSend' shows it again.`,
		Example: `  causeway relay create hyco
  causeway relay create plant/line1 --anonymous-senders --allow 192.0.2.0/24
  causeway relay create calc --kind http --metadata calc.wsdl,types.xsd
  causeway relay create calc --kind http --listener-binding netTcp   # SOAP over HTTP in front, a service of net.tcp behind
  causeway relay create hyco -o json | jq -r .connectionString`,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	flags.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := entity.CheckName(args[0]); err != nil {
			return cli.Usage("%v", err)
		}
		body, err := flags.change(cmd)
		if err != nil {
			return err
		}
		asked, err := c.Client()
		if err != nil {
			return err
		}
		e, err := asked.CreateEntity(cmd.Context(), args[0], body)
		if err != nil {
			return err
		}
		if note := plainClients(&e); note != "" {
			defer fmt.Fprint(cmd.ErrOrStderr(), note)
		}
		if cli.OnTerminal(cmd.OutOrStdout()) {
			defer fmt.Fprintf(cmd.ErrOrStderr(),
				"\nnext: give this to your listener and your sender; 'causeway relay show %s' tells who listens\n", e.Name)
		}
		return c.Format.Write(cmd, e, func() error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), e.ConnectionString)
			return err
		})
	}
	return cmd
}

// plainClients says what clients of a relay need that cannot show a token: those of net.tcp. "" when there is nothing to say.
func plainClients(e *wire.Entity) string {
	switch {
	case e.Kind != string(entity.NetTCP):
		return ""
	case !e.AnonymousSenders:
		return "\nnote: plain NetTcp clients cannot show a token, so this relay turns them away. One of these lets them in:\n" +
			"  causeway relay update " + e.Name + " --anonymous-senders --allow 192.0.2.0/24   # whoever comes from these networks\n" +
			"  causeway forward " + e.Name + " --bind 127.0.0.1:9808                           # beside the client: it adds the token\n"
	case len(e.Settings.Allow) == 0:
		return "\nnote: whoever reaches the net.tcp door may send here; --allow limits that to networks.\n"
	}
	return ""
}

func newRelayList(c *cli.Connection) *cobra.Command {
	var prefix, kind string
	cmd := &cobra.Command{
		Use: "list", Short: "List relays", Args: cli.Args(cobra.NoArgs), Aliases: []string{"ls"},
		Example: `  causeway relay list
  causeway relay list --prefix plant/ -o json`,
	}
	cmd.Flags().StringVar(&prefix, "prefix", "", "`TEXT` that names begin with")
	cmd.Flags().StringVar(&kind, "kind", "", "`KIND` of relays")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkKind(kind); err != nil {
			return err
		}
		asked, err := c.Client()
		if err != nil {
			return err
		}
		list, err := asked.Entities(cmd.Context(), prefix, kind)
		if err != nil {
			return err
		}
		return c.Format.Write(cmd, list, func() error {
			rows := [][]string{{"NAME", "KIND", "SENDERS", "LISTENERS", "SOURCE", "UPDATED"}}
			for i := range list {
				e := &list[i]
				rows = append(rows, []string{e.Name, e.Kind, senders(e), strconv.Itoa(e.Listeners.Online), e.Source, cli.Clock(e.UpdatedAt)})
			}
			return cli.Table(cmd.OutOrStdout(), rows)
		})
	}
	return cmd
}

func newRelayShow(c *cli.Connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show a relay and who listens there", Args: cli.Args(cobra.ExactArgs(1)),
		Example: `  causeway relay show hyco
  causeway relay show plant/line1 -o json`,
		ValidArgsFunction: c.RelayNames,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asked, err := c.Client()
		if err != nil {
			return err
		}
		e, err := asked.Entity(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return c.Format.Write(cmd, e, func() error {
			list, err := asked.Listeners(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := cli.Table(cmd.OutOrStdout(), relayRows(&e)); err != nil || len(list) == 0 {
				return err
			}
			_, _ = fmt.Fprintln(cmd.OutOrStdout()) // the next write says what is wrong
			rows := [][]string{{"LISTENER", "NODE", "STATE", "REMOTE", "SINCE", "ACCEPTED", "IGNORED"}}
			for i := range list {
				l := &list[i]
				rows = append(rows, []string{
					l.ID, strconv.Itoa(l.Node), l.State, l.Remote, cli.Clock(l.Since),
					strconv.FormatInt(l.Offers.Accepted, 10), strconv.FormatInt(l.Offers.Ignored, 10),
				})
			}
			return cli.Table(cmd.OutOrStdout(), rows)
		})
	}
	return cmd
}

// relayRows shows a relay's members, one a row.
func relayRows(e *wire.Entity) [][]string {
	timeout, allow := "the gateway's", make([]string, len(e.Settings.Allow))
	if e.Settings.ResponseTimeout != 0 {
		timeout = time.Duration(e.Settings.ResponseTimeout).String()
	}
	for i, network := range e.Settings.Allow {
		allow[i] = network.String()
	}
	if len(allow) == 0 {
		allow = []string{"all"}
	}
	rows := [][]string{
		{"name", e.Name}, {"kind", e.Kind}, {"senders", senders(e)}, {"response timeout", timeout},
		{"request target", e.Settings.RequestTarget}, {"plain websocket", strconv.FormatBool(e.Settings.PlainWebSocket)},
		{"tls", e.Settings.TLS}, {"sticky", strconv.FormatBool(e.Settings.Sticky)},
		{"allow", strings.Join(allow, ", ")}, {"metadata", described(e.Settings.Metadata)}, {"source", e.Source}, {"created", cli.Clock(e.CreatedAt)}, {"updated", cli.Clock(e.UpdatedAt)},
		{"listeners", strconv.Itoa(e.Listeners.Online)},
	}
	if s := &e.Settings; s.ListenerBinding != "" { // what few relays have is shown of those only
		rows = append(rows, []string{"listener binding", s.ListenerBinding},
			[]string{"service address", cmp.Or(s.ServiceAddress, "the relay's")}, []string{"one-way", cmp.Or(strings.Join(s.OneWay, ", "), "as messages tell")})
	}
	return rows
}

// senders says what a sender needs.
func senders(e *wire.Entity) string {
	if e.AnonymousSenders {
		return "anonymous"
	}
	return "token"
}

func newRelayUpdate(c *cli.Connection) *cobra.Command {
	var flags relayFlags
	cmd := &cobra.Command{
		Use: "update NAME", Short: "Change a relay; what no flag names stays", Args: cli.Args(cobra.ExactArgs(1)),
		Example: `  causeway relay update hyco --anonymous-senders=false
  causeway relay update hyco --allow ""                    # everybody again
  causeway relay update hyco --response-timeout default
  causeway relay update calc --metadata ""                 # the service's own description again`,
		ValidArgsFunction: c.RelayNames,
	}
	flags.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body, err := flags.change(cmd)
		if err != nil {
			return err
		}
		if body == (wire.EntityChange{}) {
			return cli.Usage("nothing to change: give at least one flag")
		}
		asked, err := c.Client()
		if err != nil {
			return err
		}
		e, err := asked.UpdateEntity(cmd.Context(), args[0], body)
		if err != nil {
			return err
		}
		return c.Format.Write(cmd, e, func() error { return cli.Table(cmd.OutOrStdout(), relayRows(&e)) })
	}
	return cmd
}

// deleted is what -o json shows of a relay or a rule that is gone.
type deleted struct {
	Entity  string `json:"entity,omitempty"` // whose rule it was; "": the namespace's, or a relay
	Name    string `json:"name"`
	Deleted bool   `json:"deleted"`
}

func newRelayDelete(c *cli.Connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete NAME", Short: "Delete a relay; its connections end", Args: cli.Args(cobra.ExactArgs(1)), Aliases: []string{"rm"},
		Example:           `  causeway relay delete hyco`,
		ValidArgsFunction: c.RelayNames,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asked, err := c.Client()
		if err != nil {
			return err
		}
		if err := asked.DeleteEntity(cmd.Context(), args[0]); err != nil {
			return err
		}
		return c.Format.Write(cmd, deleted{Name: args[0], Deleted: true}, func() error {
			_, err := fmt.Fprintf(cmd.ErrOrStderr(), "deleted %s\n", args[0])
			return err
		})
	}
	return cmd
}
