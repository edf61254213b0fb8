package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/front/localca"
	"github.com/causeway-relay/causeway/internal/trust"
)

// NewTrust makes the command that installs the local CA.
func NewTrust() *cobra.Command {
	var data string
	var dry bool
	cmd := &cobra.Command{
		Use: "trust", Short: "Let this machine trust the gateway's local CA", Args: cli.Args(cobra.NoArgs),
		Long: `Copy the certificate of the local CA in the data folder to where the system keeps the CAs that its administrator trusts,
and say what to do for programs with a store of their own. Whoever can read ca.key in that folder can then pose as any
site to this machine: trust a CA only on machines that use its gateway.`,
		Example: `  causeway trust --print                                     # what would be done, and what to do for other programs
  sudo causeway trust --data "$HOME/.local/share/causeway"   # as administrator, for a gateway that runs as you`,
	}
	format := cli.FormatFlag(cmd)
	cmd.Flags().StringVar(&data, "data", "", "`DIR` of the node; default: that of 'causeway serve' in the same environment")
	cmd.Flags().BoolVar(&dry, "print", false, "change nothing, only say what would be done")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if data == "" {
			data = cli.NodeHere().Data
		}
		plan, err := trustPlan(data)
		if err != nil {
			return err
		}
		shown := trustOf(plan)
		if !dry && !shown.Installed {
			if err := plan.Install(cmd.Context()); err != nil {
				return asAdministrator(err, data)
			}
			shown.Installed, shown.done = true, true // a process reads the system's roots once: asking again would give the old answer
		}
		return format.Write(cmd, shown, func() error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), shown.text(dry))
			return err
		})
	}
	return cmd
}

// asAdministrator adds the whole command that an administrator runs to what was refused for want of rights: as somebody else it would
// look into another data folder, and a shell of theirs may not find the program.
func asAdministrator(err error, data string) error {
	program, noProgram := executable()
	whole, noFolder := filepath.Abs(data)
	if !errors.Is(err, fs.ErrPermission) || noProgram != nil || noFolder != nil || runtime.GOOS == "windows" {
		return err
	}
	return fmt.Errorf("%w: sudo '%s' trust --data '%s'", err, program, whole)
}

// sudoFolder is the data folder of the user who became administrator by sudo, where that has a CA; "" for none.
func sudoFolder(name string, home func(name string) (string, error)) string {
	if name == "" {
		return ""
	}
	dir, err := home(name)
	if err != nil {
		return ""
	}
	data := trust.DataDir(runtime.GOOS, func(variable string) string { return map[string]string{"HOME": dir}[variable] })
	if _, err := os.Stat(filepath.Join(data, "ca.pem")); err != nil {
		return ""
	}
	return data
}

// homeOf is a user's home folder.
func homeOf(name string) (string, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return "", err
	}
	return u.HomeDir, nil
}

// trustPlan reads the CA of a data folder. It makes none: a CA of another user's folder would be trusted in vain.
func trustPlan(data string) (*localca.TrustPlan, error) {
	if _, err := os.Stat(filepath.Join(data, "ca.pem")); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			if theirs := sudoFolder(os.Getenv("SUDO_USER"), homeOf); theirs != "" && theirs != data {
				return nil, fmt.Errorf("no local CA in %s: the one of %s is meant by --data '%s'", data, os.Getenv("SUDO_USER"), theirs)
			}
			return nil, fmt.Errorf("no local CA in %s: run 'causeway serve' once, or name its folder with --data", data)
		}
		return nil, fmt.Errorf("local CA: %w: run the command as the user of the gateway, or as administrator", err)
	}
	authority, err := localca.Open(data)
	if err != nil {
		return nil, err
	}
	plan := authority.Trust()
	return &plan, nil
}

// trusting is what is shown of a plan.
type trusting struct {
	Installed bool     `json:"installed"`
	System    string   `json:"system"` // "": the system's store is not known
	Target    string   `json:"target"`
	Update    []string `json:"update"`
	Hints     []hint   `json:"hints"`

	done bool // by this command
}

type hint struct {
	For string `json:"for"`
	Do  string `json:"do"`
}

func trustOf(plan *localca.TrustPlan) trusting {
	t := trusting{Installed: plan.Installed(), System: plan.System, Target: plan.Target, Update: plan.Update, Hints: []hint{}}
	for _, h := range plan.Hints {
		t.Hints = append(t.Hints, hint{h.For, h.Do})
	}
	return t
}

// text is the plan for people.
func (t *trusting) text(dry bool) string {
	var b strings.Builder
	switch {
	case t.Target == "":
		b.WriteString("This system's store is not known: follow the line for it below.\n")
	case t.done:
		fmt.Fprintf(&b, "Copied the CA's certificate to %s and ran '%s' (%s).\n", t.Target, strings.Join(t.Update, " "), t.System)
	case t.Installed:
		fmt.Fprintf(&b, "This system (%s) trusts the CA.\n", t.System)
	default:
		fmt.Fprintf(&b, "Would copy the CA's certificate to %s and run '%s' (%s).\n", t.Target, strings.Join(t.Update, " "), t.System)
	}
	if t.Installed && !dry && t.Target != "" {
		fmt.Fprintf(&b, "To take that back: remove %s and run '%s' again (on Debian with --fresh).\n", t.Target, strings.Join(t.Update, " "))
	}
	b.WriteString("\nPrograms with a store of their own:\n")
	for _, h := range t.Hints {
		fmt.Fprintf(&b, "  # %s\n  %s\n", h.For, h.Do)
	}
	return b.String()
}
