package cli

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/internal/trust"
)

// EnvConnectionString is the variable that has the connection string of client commands.
const EnvConnectionString = "CAUSEWAY_CONNECTION_STRING"

// Connection is what a command is told about the gateway that it asks, and how it shows the answer.
type Connection struct {
	ConnectionString string        // of --connection-string; "" when it was not given: see Given
	CAFile           string        // of --ca-file; "" when it was not given: see Roots
	Plain            bool          // of --plain: no TLS
	Timeout          time.Duration // that an answer may take
	Format           *Format
}

// ConnectionFlags adds the flags of a client command to it and all below it.
func ConnectionFlags(cmd *cobra.Command) *Connection {
	c := GatewayFlags(cmd)
	cmd.PersistentFlags().DurationVar(&c.Timeout, "timeout", client.DefaultTimeout, "`TIME` to wait for an answer")
	return c
}

// GatewayFlags adds those that say which gateway is meant and how output is written, for commands that run on: they have no
// --timeout, and Timeout is the default of clients.
func GatewayFlags(cmd *cobra.Command) *Connection {
	c := &Connection{Timeout: client.DefaultTimeout, Format: FormatFlag(cmd)}
	flags := cmd.PersistentFlags()
	flags.StringVar(&c.ConnectionString, "connection-string", "",
		"`STRING` that names gateway, rule and key; without it "+EnvConnectionString+", else the node of this machine. Others can see a command line: prefer the variable")
	flags.StringVar(&c.CAFile, "ca-file", "", "PEM `FILE` to trust; without it "+trust.EnvCAFile+", else the system's roots and, for loopback hosts, the local CA")
	flags.BoolVar(&c.Plain, "plain", false, "do without TLS, for the http door of a gateway that has no other; others on the way can read keys and data")
	return c
}

// noGateway is told when nothing says whom to ask.
const noGateway = `no gateway to ask: give --connection-string, or set ` + EnvConnectionString +
	` (the ready file of 'causeway serve' has one), or run the command as the user that runs 'causeway serve' here; for one that is a service: 'sudo env CAUSEWAY_DATA=/var/lib/causeway causeway ...'`

// Given is the connection string that the user names: of the flag, else of the variable, else of the credential that systemd
// gave this service; "" for none.
func (c *Connection) Given() string {
	return cmp.Or(c.ConnectionString, os.Getenv(EnvConnectionString), credential())
}

// Client makes the client of the gateway that is meant: that of the connection string, else the node of this machine by the
// token in its data folder, which only its user can read. Nobody is asked yet. That nothing says whom to ask is a usage error.
func (c *Connection) Client() (*client.Client, error) {
	if c.Timeout <= 0 {
		return nil, Usage("--timeout: expected a time of more than zero, such as 10s")
	}
	here := NodeHere()
	p := client.Params{ConnectionString: c.Given(), Roots: c.Roots(here), Plain: c.Plain, Timeout: c.Timeout}
	if p.ConnectionString == "" {
		token, err := os.ReadFile(filepath.Join(here.Data, "admin.token"))
		if err != nil || !Dialable(here.Admin) {
			_, problems := config.Find(config.Params{})
			if problems.Err() != nil {
				return nil, Usage("%s. What %s names cannot be read whole: 'causeway config check' says why", noGateway, config.EnvFile)
			}
			return nil, Usage(noGateway)
		}
		p.Admin, p.Token = here.Admin, strings.TrimSpace(string(token))
	}
	made, err := client.New(p)
	if err != nil {
		return nil, Usage("%v", err)
	}
	return made, nil
}

// RootKeys asks for the keys of the namespace's root rule or, where a configuration file has others in its place, of the first rule that may
// manage: those of the connection string in the ready file.
func RootKeys(ctx context.Context, asked *client.Client) (wire.Keys, error) {
	keys, err := asked.Keys(ctx, "", entity.RootRule)
	if no, ok := errors.AsType[*client.Error](err); !ok || no.Status != http.StatusNotFound {
		return keys, err
	}
	rules, other := asked.Rules(ctx, "")
	if other != nil {
		return keys, other
	}
	for _, r := range rules {
		if slices.Contains(r.Rights, entity.Manage.String()) {
			return asked.Keys(ctx, "", r.Name)
		}
	}
	return keys, err
}

// Roots says whom to trust; here is NodeHere, whose local CA counts for hosts that are this machine.
func (c *Connection) Roots(here *config.Config) trust.Roots {
	roots := trust.Default(c.CAFile)
	roots.Local = filepath.Join(here.Data, "ca.pem") // the file that CAUSEWAY_CONFIG names may say another folder
	return roots
}

// NodeHere are the settings that 'causeway serve' has in the same environment, as far as they can be read; never nil.
func NodeHere() *config.Config {
	cfg, _ := config.Find(config.Params{}) // a broken file is told by those who need all of it
	return cfg
}

// Dialable reports whether a door's address says a port.
func Dialable(address string) bool {
	_, port, err := net.SplitHostPort(address)
	return err == nil && port != "0"
}

// completionTime is how long a key press may wait for names.
const completionTime = 300 * time.Millisecond

// RelayNames completes the first argument with the names of relays that are there. A gateway that does not answer at once gives none.
func (c *Connection) RelayNames(cmd *cobra.Command, args []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	asked, err := c.Client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	list, err := asked.Entities(ctx, prefix, "")
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := make([]cobra.Completion, 0, len(list))
	for i := range list {
		names = append(names, list[i].Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// CredentialName is the credential of a service that has a client's connection string.
const CredentialName = "connection-string"

// credential reads the connection string that systemd has given to this service; "" when there is none.
func credential() string {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return ""
	}
	b, err := os.ReadFile(filepath.Join(dir, CredentialName))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
