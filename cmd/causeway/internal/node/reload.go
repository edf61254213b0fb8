package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// NewReload makes the command that has a node reload.
func NewReload() *cobra.Command {
	cmd := &cobra.Command{
		Use: "reload", Short: "Have a node read its configuration again", Args: cli.Args(cobra.NoArgs),
		Long: `Have the node read its file and put in force what can be while connections are open: entities, rules, certificate files, the
log's level. Connections stay. With any problem nothing changes; the exit code is then 2. What takes a restart is named.
A node reloads by itself when its file changes, and on SIGHUP.`,
		Example: `  causeway reload
  causeway reload -o json | jq .restart`,
	}
	c := cli.ConnectionFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		asked, err := c.Client()
		if err != nil {
			return err
		}
		done, err := asked.Reload(cmd.Context())
		if no, ok := errors.AsType[*client.Error](err); ok && len(no.Problems) > 0 {
			return notReloaded(cmd, *c.Format, no.Problems)
		}
		if err != nil {
			return err
		}
		return c.Format.Write(cmd, done, func() error { return showReloaded(cmd, done) })
	}
	return cmd
}

// notReloaded tells the problems as 'config check' does.
func notReloaded(cmd *cobra.Command, format cli.Format, list []wire.ConfigProblem) error {
	problems := make(config.Problems, 0, len(list))
	for _, p := range list {
		problems = append(problems, config.Problem{
			File: p.File, Line: p.Line, Column: p.Column, Key: p.Key, Message: p.Message, Suggestion: p.Suggestion,
		})
	}
	if format != cli.AsJSON {
		return problems
	}
	if err := cli.WriteJSON(cmd.OutOrStdout(), problems); err != nil {
		return err
	}
	return cli.Silent(cli.ExitUsage)
}

func showReloaded(cmd *cobra.Command, done wire.Reloaded) error {
	changed := "nothing"
	if len(done.Changed) > 0 {
		changed = strings.Join(done.Changed, ", ")
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "changed: %s\n", changed)
	if err == nil && len(done.Restart) > 0 {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "after a restart: %s\n", strings.Join(done.Restart, ", "))
	}
	return err
}

// reloader is what a signal and a changed file are for.
type reloader interface {
	Reload(context.Context) (gateway.Reloaded, error)
}

// reloads lets a node reload on SIGHUP and, if file is not "", when it changes. What comes of it stands in the node's log. stop
// waits for what runs.
func reloads(ctx context.Context, n reloader, file string, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	var parts sync.WaitGroup
	parts.Go(func() {
		for {
			select {
			case <-hup:
				_, _ = n.Reload(ctx) // the node has told its log
			case <-ctx.Done():
				return
			}
		}
	})
	if file != "" {
		parts.Go(func() {
			if err := config.Watch(ctx, file, func() { _, _ = n.Reload(ctx) }); err != nil { // as above
				log.WarnContext(ctx, "the configuration is not watched", "cause", err)
			}
		})
	}
	return func() {
		signal.Stop(hup)
		cancel()
		parts.Wait()
	}
}
