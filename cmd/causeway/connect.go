package main

import (
	"cmp"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/internal/trust"
)

// Variables of the client commands.
const (
	envConnectionString = "CAUSEWAY_CONNECTION_STRING"
	envCAFile           = trust.EnvCAFile
)

// connection is what every client command is told about the gateway.
type connection struct {
	connectionString string
	caFile           string
	timeout          time.Duration
	format           *format
}

// connectionFlags adds the flags of a client command to it and all below it.
func connectionFlags(cmd *cobra.Command) *connection {
	c := &connection{format: formatFlag(cmd)}
	flags := cmd.PersistentFlags()
	flags.StringVar(&c.connectionString, "connection-string", "",
		"`STRING` that names gateway, rule and key; without it "+envConnectionString+", else the node of this machine. Others can see a command line: prefer the variable")
	flags.StringVar(&c.caFile, "ca-file", "", "PEM `FILE` to trust; without it "+envCAFile+", else the system's roots and, for loopback hosts, the local CA")
	flags.DurationVar(&c.timeout, "timeout", client.DefaultTimeout, "`TIME` to wait for an answer")
	return c
}

// noGateway is told when nothing says whom to ask.
const noGateway = `no gateway to ask: give --connection-string, or set ` + envConnectionString +
	` (the ready file of 'causeway serve' has one), or run the command as the user that runs 'causeway serve' here`

// given is the connection string that the user names; "" for none.
func (c *connection) given() string {
	return cmp.Or(c.connectionString, os.Getenv(envConnectionString), credential())
}

// client makes the client of the gateway that is meant: that of the connection string, else the node of this machine by
// the token in its data folder, which only its user can read.
func (c *connection) client() (*client.Client, error) {
	here := nodeHere()
	p := client.Params{ConnectionString: c.given(), Roots: c.roots(here), Timeout: c.timeout}
	if p.ConnectionString == "" {
		token, err := os.ReadFile(filepath.Join(here.Data, "admin.token"))
		if err != nil || !dialable(here.Admin) {
			return nil, usage(noGateway)
		}
		p.Admin, p.Token = here.Admin, strings.TrimSpace(string(token))
	}
	made, err := client.New(p)
	if err != nil {
		return nil, usage("%v", err)
	}
	return made, nil
}

// roots says whom to trust.
func (c *connection) roots(here *config.Config) trust.Roots {
	roots := trust.Default(c.caFile)
	roots.Local = filepath.Join(here.Data, "ca.pem") // the file that CAUSEWAY_CONFIG names may say another folder
	return roots
}

// nodeHere are the settings that 'causeway serve' has in the same environment. A broken file is told by serve, not here.
func nodeHere() *config.Config {
	cfg, problems := config.Load(config.Params{})
	if problems.Err() != nil {
		return config.Default()
	}
	return cfg
}

// dialable reports whether a door's address says a port.
func dialable(address string) bool {
	_, port, err := net.SplitHostPort(address)
	return err == nil && port != "0"
}

// completionTime is how long a key press may wait for names.
const completionTime = 300 * time.Millisecond

// relayNames completes the first argument with the names of relays that are there.
func (c *connection) relayNames(cmd *cobra.Command, args []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	asked, err := c.client()
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
