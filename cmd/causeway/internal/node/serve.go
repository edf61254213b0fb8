package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/internal/heap"
	"github.com/causeway-relay/causeway/internal/service"
)

// serveFlags are the flags of a node, by the path of the setting that each sets. A door's flag appears with its protocol.
var serveFlags = []struct{ name, path, help string }{
	{"data", "data", "`DIR` for state, keys and the local CA"},
	{"host", "host", "`NAME` under which clients reach the gateway"},
	{"https", "https", "`ADDR` of the door for listeners, senders and the API, port 0 for any, or off"},
	{"http", "http", "`ADDR` of the same door without TLS, or off"},
	{"nettcp", "nettcp", "`ADDR` of the door for WCF clients of net.tcp, or off"},
	{"admin", "admin", "`ADDR` of the operator's door, or off"},
	{"tcp", "tcp", "a port whose connections are senders, open to whoever reaches it: `ENTITY=ADDR`; may be repeated"},
	{"advertise", "advertise", "where others reach a door: `DOOR=HOST:PORT`; may be repeated"},
	{"ready-file", "readyFile", "`FILE` to write when every door is open"},
}

// NewServe makes the command that runs a node.
func NewServe() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", Short: "Run a node", Args: cli.Args(cobra.NoArgs),
		Long: `Run a node until SIGTERM or SIGINT. Without any setting it opens its doors on loopback with a certificate of its own CA.

A flag wins over the environment (CAUSEWAY_...), the environment over the file, the file over the default. The first signal
drains: listeners are sent elsewhere, streams may end within timeouts.drain. A second signal ends everything at once. SIGHUP
and a change of the file reload ('causeway reload').`,
		Example: `  causeway serve
  causeway serve --config /etc/causeway/causeway.yaml
  causeway serve --https :8443 --host relay.example.com --advertise https=relay.example.com:443
  causeway serve --https 127.0.0.1:0 --http off --ready-file ready.json
  causeway serve --tcp ssh=127.0.0.1:2222                # connections to port 2222 go to the listeners of the relay ssh`,
	}
	file := configFlag(cmd)
	for _, f := range serveFlags {
		if f.name == "tcp" || f.name == "advertise" {
			cmd.Flags().StringSlice(f.name, nil, f.help)
			continue
		}
		cmd.Flags().String(f.name, "", f.help)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		load := func() (*config.Config, config.Problems) {
			return config.Load(config.Params{File: *file, Flags: givenFlags(cmd.Flags())})
		}
		return serve(cmd.Context(), load, cmp.Or(*file, os.Getenv(config.EnvFile)), cmd.ErrOrStderr())
	}
	return cmd
}

// configFlag adds --config.
func configFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("config", "", "`FILE` with the settings; without it CAUSEWAY_CONFIG, else none")
}

// givenFlags collects what the command line sets.
func givenFlags(flags *pflag.FlagSet) map[string]string {
	given := make(map[string]string)
	for _, f := range serveFlags {
		flag := flags.Lookup(f.name)
		if !flag.Changed {
			continue
		}
		given[f.path] = flag.Value.String()
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			given[f.path] = strings.Join(list.GetSlice(), ",")
		}
	}
	return given
}

// serve runs a node until it is told to end. file is where the settings come from, "" none: load gives them, now and at each
// reload.
func serve(ctx context.Context, load func() (*config.Config, config.Problems), file string, err io.Writer) error {
	cfg, warnings := load()
	if problems := warnings.Err(); problems != nil {
		return problems
	}
	cli.Unread() // a node does not end with whoever reads its log
	defer heap.Tune(os.Getenv)()
	level := new(slog.LevelVar)
	log, lines := newLog(err, cfg.Log, level)
	defer lines.Close()
	for _, w := range warnings {
		log.WarnContext(ctx, "configuration", slog.String("problem", w.String()))
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	defer service.Notify(signals)()
	node := &served{log: log, cfg: cfg}
	var failure error
	node.Gateway, failure = gateway.New(gateway.Params{Config: cfg, Log: log, Load: load, LogLevel: level, Connect: node.reloaded})
	if failure != nil {
		return failure
	}
	defer node.stop()
	node.OnReady(func() {
		node.ready()
		service.Ready()
		if cli.OnTerminal(err) {
			lines.Flush()
			fmt.Fprint(err, nextSteps)
		}
	})
	defer reloads(ctx, node, file, log)()
	return untilSignal(ctx, node, cfg, log, signals)
}

// nextSteps is what a person is told once the doors are open.
const nextSteps = `
The gateway is open. In another terminal:
  causeway relay create hyco     # a relay; prints the connection string that programs use
  causeway status                # who is there
  causeway trust                 # lets the programs of this machine trust the local CA

`

// node is what serve needs of a gateway.
type node interface {
	Run(context.Context) error
	Shutdown(context.Context) error
	Close()
}

// errCut says that streams may have been cut.
var errCut = errors.New("ended at once: a second signal came while draining")

// untilSignal runs a node. The first signal drains it, the second ends it now.
func untilSignal(ctx context.Context, n node, cfg *config.Config, log *slog.Logger, signals <-chan os.Signal) error {
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	select {
	case err := <-ended:
		return err
	case s := <-signals:
		service.Stopping()
		log.InfoContext(ctx, "draining", slog.String("signal", s.String()), slog.Duration("at_most", cfg.Timeouts.Drain))
	}
	drain, now := context.WithTimeout(ctx, cfg.Timeouts.Drain)
	defer now()
	drained := make(chan error, 1)
	go func() { drained <- n.Shutdown(drain) }()
	var cut error
	select {
	case <-signals:
		cut = errCut
		now()
		n.Close()
	case err := <-drained:
		drained <- err
	}
	// What was still open when the time was over has been closed: that is what the time is for.
	if err := <-drained; err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		cut = errors.Join(cut, err)
	}
	return errors.Join(<-ended, cut)
}

// newLog makes the node's log. level is set to the settings' and can be changed while it is written. The gatherer is to be closed
// when nothing more is to be said.
func newLog(w io.Writer, c config.Log, level *slog.LevelVar) (*slog.Logger, *gatherer) {
	_ = level.UnmarshalText([]byte(c.Level)) // config has checked the word
	options := &slog.HandlerOptions{Level: level}
	out := &gatherer{w: w}
	if c.Format == "json" {
		return slog.New(prompt{slog.NewJSONHandler(out, options), out}), out
	}
	return slog.New(prompt{slog.NewTextHandler(out, options), out}), out
}
