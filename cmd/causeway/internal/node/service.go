package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/internal/service"
)

// serviceName is what a service is called when nothing else is said.
const serviceName = "causeway"

// stopMargin is what a service may take to end beside what its streams may.
const stopMargin = 15 * time.Second

// here gives the manager of this machine; tests put another in its place.
var here = service.Here //nolint:gochecknoglobals // as above

// executable is the program that a service runs; tests, whose own lies where no service looks, put another in its place.
var executable = os.Executable //nolint:gochecknoglobals // as above

// NewService makes the commands of services.
func NewService() *cobra.Command {
	var name string
	g := cli.Group("service", "Run a node or a connector as a service of this machine", `  sudo causeway service install --user causeway -- serve --config /etc/causeway/causeway.yaml
  sudo causeway service install --name plant --credential connection-string=/etc/causeway/plant.cs -- listen plant --target tcp://localhost:22
  causeway service status --name plant`)
	g.Long = `Install, look at and take away a service: with systemd on Linux, with the service control manager on Windows. Both start it with
the system and again after a failure, and stop it in order.`
	g.PersistentFlags().StringVar(&name, "name", serviceName, "`NAME` of the service")
	f := cli.FormatFlag(g)
	g.AddCommand(newServiceInstall(&name, f), newServiceUninstall(&name, f), newServiceStatus(&name, f))
	return g
}

func newServiceInstall(name *string, f *cli.Format) *cobra.Command {
	var user string
	var credentials []string
	var dry bool
	cmd := &cobra.Command{
		Use: "install -- COMMAND [FLAG...]", Short: "Install a command as a service and start it", Args: cli.Args(cobra.MinimumNArgs(1)),
		Long: `Install serve, listen or forward, with its flags, as a service and start it. One that has the name is replaced. On Linux this writes
a unit for systemd in which the service may do nothing but use the network and its own folder, /var/lib/NAME; without --user it runs
as a user that exists only while it does. A connection string is a secret: write it into a file that only root can read, and give it
by --credential connection-string=FILE. The key that seals the store is given by --credential causeway-key=FILE.
On Windows the service runs as LocalService, and its log is %ProgramData%\causeway\NAME.log.`,
		Example: `  sudo causeway service install --user causeway -- serve --config /etc/causeway/causeway.yaml
  sudo causeway service install --name plant --credential connection-string=/etc/causeway/plant.cs -- listen plant --target tcp://localhost:22
  causeway service install --print -- serve --https :443 --host relay.example.com`,
	}
	cmd.Flags().StringVar(&user, "user", "", "`USER` to run as, who must exist")
	cmd.Flags().StringArrayVar(&credentials, "credential", nil, "secret `NAME=FILE` for the service alone (systemd); may be repeated")
	cmd.Flags().BoolVar(&dry, "print", false, "change nothing, only say what would be written and run")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		u, err := unitOf(cmd.Root(), *name, user, credentials, args)
		if err != nil {
			return err
		}
		m, err := here()
		if err != nil {
			return err
		}
		if dry {
			if err := checkProgram(u); err != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "note: %v\n", err)
			}
			plan := m.Plan(u)
			return f.Write(cmd, plan, func() error {
				_, err := fmt.Fprint(cmd.OutOrStdout(), plan.String())
				return err
			})
		}
		if err := filesThere(u, cmd.Root(), args); err != nil {
			return err
		}
		if err := m.Install(cmd.Context(), u); err != nil {
			return err
		}
		if *f == cli.AsJSON {
			return showService(cmd, m, u.Name, f)
		}
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "installed and started %s\nnext: causeway service status --name %s\n", u.Name, u.Name)
		return err
	}
	return cmd
}

func newServiceUninstall(name *string, f *cli.Format) *cobra.Command {
	cmd := &cobra.Command{
		Use: "uninstall", Short: "Stop a service and take it away; its data stays", Args: cli.Args(cobra.NoArgs),
		Example: `  sudo causeway service uninstall --name plant`,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		m, err := named(*name)
		if err != nil {
			return err
		}
		if err := m.Uninstall(cmd.Context(), *name); errors.Is(err, service.ErrNone) {
			return cli.Advised(cli.ExitNotFound, "there is no service "+*name, "name another with --name")
		} else if err != nil {
			return err
		}
		if *f == cli.AsJSON {
			return cli.WriteJSON(cmd.OutOrStdout(), service.Status{Name: *name})
		}
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "stopped and removed %s\n", *name)
		return err
	}
	return cmd
}

func newServiceStatus(name *string, f *cli.Format) *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Short: "Say whether a service is installed and runs", Args: cli.Args(cobra.NoArgs),
		Long:    "Say whether a service is installed, starts with the system, and runs. The exit code is 0 when it runs, 3 when it is not installed, else 1.",
		Example: `  causeway service status --name plant -o json`,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		m, err := named(*name)
		if err != nil {
			return err
		}
		return showService(cmd, m, *name, f)
	}
	return cmd
}

// named is the manager of this machine for a name that can be a service's.
func named(name string) (service.Manager, error) {
	if err := service.CheckName(name); err != nil {
		return nil, cli.Usage("--name: %v", err)
	}
	return here()
}

// showService says how a service is, and ends with the exit code of that.
func showService(cmd *cobra.Command, m service.Manager, name string, f *cli.Format) error {
	s, err := m.Status(cmd.Context(), name)
	if err != nil {
		return err
	}
	err = f.Write(cmd, s, func() error {
		state := s.State
		if !s.Installed {
			state = "not installed"
		}
		return cli.Table(cmd.OutOrStdout(), [][]string{{"service", s.Name}, {"state", state}, {"starts with the system", map[bool]string{true: "yes", false: "no"}[s.Enabled]}})
	})
	switch {
	case err != nil:
		return err
	case !s.Installed:
		return cli.Silent(cli.ExitNotFound)
	case s.State != "running":
		return cli.Silent(cli.ExitFailure)
	}
	return nil
}

// services are the commands that run until they are told to end.
var services = map[string]string{"serve": "relay gateway", "listen": "relay listener", "forward": "relay forwarder"}

// unitOf makes the unit of a command line, which has to be one that can run without a person's shell around it.
func unitOf(root *cobra.Command, name, user string, credentials, words []string) (*service.Unit, error) {
	what, ok := services[words[0]]
	if !ok {
		return nil, cli.Usage("%q is no command that can be a service: give serve, listen or forward, behind --", words[0])
	}
	program, err := executable()
	if err != nil {
		return nil, fmt.Errorf("find the program: %w", err)
	}
	u := &service.Unit{
		Name: name, Description: "Causeway " + what + " (" + strings.Join(words, " ") + ")", Program: program, Args: words, User: user,
		Notify: words[0] == "serve", Stop: 25*time.Second + stopMargin,
	}
	for _, c := range credentials {
		key, file, ok := strings.Cut(c, "=")
		if !ok || !filepath.IsAbs(file) {
			return nil, cli.Usage("--credential: expected NAME=FILE with the whole path of the file")
		}
		u.Credentials = append(u.Credentials, service.Credential{Name: key, File: file})
	}
	if secretOnLine(words) {
		u.Description = "Causeway " + what
	}
	if err := u.Check(); err != nil {
		return nil, cli.Usage("%v", err)
	}
	return u, checkWords(root, u, words)
}

// secretOnLine reports whether the words hold a connection string, which a description must not repeat.
func secretOnLine(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(strings.ToLower(w), "sharedaccess") })
}
