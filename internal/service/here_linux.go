package service

import (
	"context"
	"os"
	"os/exec"
)

// Here is the manager of this machine.
func Here() (Manager, error) {
	if _, err := exec.LookPath("systemctl"); err != nil {
		return nil, ErrSystem
	}
	return &systemd{dir: unitDir, others: packagedUnits, booted: booted, run: func(ctx context.Context, args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput() //nolint:gosec // its words are ours, and names are checked
		return string(out), err
	}}, nil
}

// booted is sd_booted(3): a machine can have systemd's programs, as containers do, and be run by something else.
func booted() bool {
	info, err := os.Lstat("/run/systemd/system")
	return err == nil && info.IsDir()
}

// Run runs the program with the process's arguments. systemd starts services as everything else is started, and stops them by signal.
func Run(program func(ctx context.Context, args []string) int) int {
	return program(context.Background(), os.Args[1:])
}
