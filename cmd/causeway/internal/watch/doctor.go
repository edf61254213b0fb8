package watch

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/bridge/doctor"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
	"github.com/causeway-relay/causeway/internal/trust"
)

// NewDoctor makes the command that finds out why something is not reached.
func NewDoctor() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "doctor [NAME]", Short: "Find out why a gateway or a relay cannot be reached, and what repairs it", Args: cli.Args(cobra.MaximumNArgs(1)),
		Long: `Check everything between this machine and a relay, one row each: the name is known (dns), the port takes connections (tcp), the
certificate is trusted (tls), the clocks agree (clock), the key or token is taken (token), the relay exists and of what kind it
is (entity) and somebody listens (listener). A row that failed says what repairs it. No listener notices.

With --config the settings of a node and its doors on this machine are checked too: the configuration, each door, and when the
certificate ends. The exit code is that of the first row that failed: 5 dns, tcp, tls and doors, 1 clock and certificate,
4 token, 3 entity and listener, 2 configuration.`,
		Example: `  causeway doctor hyco
  causeway doctor hyco --connection-string "$CS" -o json | jq '.[] | select(.state == "failed")'
  causeway doctor --config /etc/causeway/causeway.yaml`,
	}
	c := cli.ConnectionFlags(cmd)
	cmd.ValidArgsFunction = c.RelayNames
	cmd.Flags().StringVar(&file, "config", "", "`FILE` of a node of this machine, to be checked too")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if c.Timeout <= 0 {
			return cli.Usage("--timeout: expected a time of more than zero, such as 10s")
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM) // the line of progress is to be taken away
		defer stop()
		defer context.AfterFunc(ctx, stop)()
		var rows []doctor.Check
		if file != "" {
			rows = checkNode(ctx, file)
		}
		if file == "" || len(args) > 0 || c.Given() != "" {
			more, err := examine(ctx, cmd, c, strings.Join(args, ""))
			if err != nil && ctx.Err() == nil {
				return err
			}
			rows = append(rows, more...)
		}
		if ctx.Err() != nil { // the rows say what an interruption looks like
			return cli.Silent(cli.ExitFailure)
		}
		if err := c.Format.Write(cmd, rows, func() error { return showChecks(cmd.OutOrStdout(), rows) }); err != nil {
			return err
		}
		return verdictOf(rows)
	}
	return cmd
}

// rowCodes are the exit codes of rows that failed.
var rowCodes = map[string]int{
	doctor.DNS: cli.ExitUnreachable, doctor.TCP: cli.ExitUnreachable, doctor.TLS: cli.ExitUnreachable, doctor.Clock: cli.ExitFailure,
	doctor.Token: cli.ExitUnauthorized, doctor.Entity: cli.ExitNotFound, doctor.Listener: cli.ExitNotFound,
	rowConfig: cli.ExitUsage, rowCertificate: cli.ExitFailure,
}

// verdictOf ends the command by the first row that failed.
func verdictOf(rows []doctor.Check) error {
	for _, r := range rows {
		if r.State == doctor.Failed {
			if code, ok := rowCodes[r.Name]; ok {
				return cli.Silent(code)
			}
			return cli.Silent(cli.ExitUnreachable) // a door
		}
	}
	return nil
}

// examine checks the way to the gateway that is meant.
func examine(ctx context.Context, cmd *cobra.Command, c *cli.Connection, name string) ([]doctor.Check, error) {
	own := ownNode(ctx)
	given := c.Given()
	if given == "" {
		asked, err := c.Client()
		if err != nil {
			return nil, err
		}
		keys, err := cli.RootKeys(ctx, asked)
		if err != nil {
			return nil, err
		}
		given = keys.ConnectionString
	}
	cs, err := connstring.Parse(given)
	if err != nil {
		return nil, cli.Usage("%v", err)
	}
	at := cs
	if name != "" {
		if err := entity.CheckName(name); err != nil {
			return nil, cli.Usage("%v", err)
		}
		at.EntityPath = name
	}
	p := doctor.Params{
		Gateway: cs, Roots: trust.Default(c.CAFile), Plain: c.Plain, Own: own, System: runtime.GOOS, Entity: strings.Trim(at.Path(), "/"),
	}
	p.Roots.Local = filepath.Join(cli.NodeHere().Data, "ca.pem")
	if cmd.Flags().Changed("timeout") {
		p.Timeout = c.Timeout
	}
	if err := cmd.ErrOrStderr(); cli.Drawable(err) {
		p.Begins = func(row string) { fmt.Fprintf(err, "\r\x1b[Kchecking %s ...", row) }
		defer fmt.Fprint(err, "\r\x1b[K")
	}
	return doctor.Run(ctx, p), nil
}

// askOwn bounds the question to the node of this machine, which may not run.
const askOwn = time.Second

// ownNode is what is known of the node of this machine; nil when there is none.
func ownNode(ctx context.Context) *doctor.Own {
	here := cli.NodeHere()
	own := &doctor.Own{Host: here.Host}
	ca := filepath.Join(here.Data, "ca.pem")
	if _, err := os.Stat(ca); err == nil {
		own.CAFile, _ = filepath.Abs(ca) // a working folder that is gone: no advice
	}
	token, err := os.ReadFile(filepath.Join(here.Data, "admin.token"))
	if err != nil || !cli.Dialable(here.Admin) {
		if own.CAFile == "" {
			return nil
		}
		return own
	}
	asked, err := client.New(client.Params{Admin: here.Admin, Token: strings.TrimSpace(string(token)), Timeout: askOwn})
	if err != nil {
		return own
	}
	defer asked.Close()
	status, err := asked.Status(ctx)
	if err != nil || len(status.Nodes) == 0 {
		return own
	}
	if _, port, err := net.SplitHostPort(status.Nodes[0].Doors["https"]); err == nil {
		own.Port = port
	}
	return own
}

// showChecks writes the rows for people.
func showChecks(w io.Writer, rows []doctor.Check) error {
	lines := make([][]string, 0, len(rows))
	for _, r := range rows {
		lines = append(lines, []string{r.State, r.Name, r.Detail})
	}
	if err := cli.Table(w, lines); err != nil {
		return err
	}
	for _, r := range rows {
		if r.Do != "" {
			if _, err := fmt.Fprintf(w, "\n%s, next: %s\n", r.Name, r.Do); err != nil {
				return err
			}
		}
	}
	return nil
}

// Rows of a node's own settings, beside one "door NAME" for each door.
const (
	rowConfig      = "config"
	rowCertificate = "certificate"
	rowDoor        = "door "
)

// doorAddress is where this machine reaches a door: all interfaces are loopback too. "" when the door is closed or its port is
// chosen at the start.
func doorAddress(address string) string {
	host, port, err := net.SplitHostPort(address)
	if address == config.Off || err != nil || port == "0" {
		return ""
	}
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}
