package connectors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
	"github.com/causeway-relay/causeway/internal/heap"
	"github.com/causeway-relay/causeway/internal/service"
)

// connectors is what 'listen', 'forward' and 'azbridge' share: which gateway, what is said, when it ends.
type connectors struct {
	*cli.Connection

	file  string // of --config; "" none
	grace time.Duration
	retry bool
	quiet bool
	out   io.Writer // lines for people; nil: standard error
	more  []hybrid.Option
}

// connectorFlags adds the flags that every command with connectors has.
func connectorFlags(cmd *cobra.Command) *connectors {
	c := &connectors{Connection: cli.GatewayFlags(cmd)}
	flags := cmd.Flags()
	flags.StringVar(&c.file, "config", "", "run every connector of this `FILE`, a causeway.yaml, instead of one from the command line; a change of the file is taken up")
	flags.DurationVar(&c.grace, "grace", connect.DefaultGrace, "`TIME` that connections have to end when the command is stopped")
	flags.BoolVar(&c.retry, "retry", false, "try again also when the first attempt is refused; a file's connectors always do")
	cmd.MarkFlagsMutuallyExclusive("config", "retry")
	return c
}

// tell writes what happens: a line for people on standard error, and with -o json an object for programs on standard output.
func (c *connectors) tell(cmd *cobra.Command) func(connect.Event) {
	talk := cmd.ErrOrStderr()
	if c.out != nil {
		talk = c.out
	}
	data := json.NewEncoder(cmd.OutOrStdout())
	data.SetEscapeHTML(false)
	return func(e connect.Event) {
		if *c.Format == cli.AsJSON {
			_ = data.Encode(e) // nobody reads any more: the connectors go on
		}
		if line := e.String(); line != "" && (!c.quiet || e.Do != "") {
			fmt.Fprintln(talk, cli.OneLine(line)) // what peers say is in it
		}
	}
}

// fallback is the connection string of connectors without their own: the one that is given, else that of the node of this
// machine, which only its user can ask for.
func (c *connectors) fallback(ctx context.Context) (string, error) {
	if given := c.Given(); given != "" {
		return given, nil
	}
	asked, err := c.Client()
	if err != nil {
		return "", err
	}
	keys, err := cli.RootKeys(ctx, asked)
	if err != nil {
		return "", fmt.Errorf("ask the node of this machine for a key: %w", err)
	}
	return keys.ConnectionString, nil
}

// complete gives connectors without a connection string the fallback.
func (c *connectors) complete(ctx context.Context, list []connect.Connector) error {
	fallback := ""
	for i := range list {
		if list[i].ConnectionString != "" {
			continue
		}
		if fallback == "" {
			var err error
			if fallback, err = c.fallback(ctx); err != nil {
				return err
			}
		}
		list[i].ConnectionString = fallback
	}
	return nil
}

// ofFile reads the connectors of the file.
func (c *connectors) ofFile(ctx context.Context, warn io.Writer) ([]connect.Connector, error) {
	cfg, problems := config.Load(config.Params{File: c.file})
	if err := problems.Err(); err != nil {
		return nil, err
	}
	for _, w := range problems {
		fmt.Fprintln(warn, w)
	}
	list := cfg.Connect()
	return list, c.complete(ctx, list)
}

// params say which gateways connectors trust, and how they are spoken to.
func (c *connectors) params() connect.Params {
	if c.Plain {
		c.more = append(c.more, hybrid.WithPlain())
	}
	return connect.Params{Roots: c.Roots(cli.NodeHere()), Options: c.more}
}

// run runs connectors until a signal: list, or those of the file if there is one.
func (c *connectors) run(cmd *cobra.Command, list []connect.Connector) error {
	ctx, talk := cmd.Context(), cmd.ErrOrStderr()
	var err error
	if c.file != "" {
		if list, err = c.ofFile(ctx, talk); err == nil && len(list) == 0 {
			err = cli.Usage("%s has no connectors: write some under 'connectors:', or name one on the command line", c.file)
		}
	} else {
		err = c.complete(ctx, list)
	}
	if err != nil {
		return err
	}
	p := c.params()
	p.Tell, p.Grace, p.Final = c.tell(cmd), c.grace, c.file == "" && !c.retry
	bridge := connect.New(p)
	cli.Unread()
	defer heap.Tune(os.Getenv)()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	defer service.Notify(signals)() // of a service manager that sends none
	defer drain(bridge, c.grace, signals)
	if err := bridge.Apply(list); err != nil {
		return err
	}
	if c.file != "" {
		defer c.follow(ctx, bridge, talk)()
	}
	return untilStopped(ctx, bridge, signals)
}

// untilStopped waits for a signal, or a refusal that is final.
func untilStopped(ctx context.Context, bridge *connect.Bridge, signals <-chan os.Signal) error {
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- bridge.Wait(ctx) }()
	select {
	case err := <-ended:
		stop()
		return err
	case <-signals:
		stop()
		return <-ended
	}
}

// drain stops the connectors; connections have grace to end, or until the next signal.
func drain(bridge *connect.Bridge, grace time.Duration, signals <-chan os.Signal) {
	ctx, now := context.WithTimeout(context.Background(), grace)
	defer now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		bridge.Shutdown(ctx)
	}()
	select {
	case <-signals:
		now()
		<-done
	case <-done:
	}
}

// follow takes up changes of the file, on SIGHUP and by itself. stop waits for what runs.
func (c *connectors) follow(ctx context.Context, bridge *connect.Bridge, talk io.Writer) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var one sync.Mutex
	again := func() {
		one.Lock()
		defer one.Unlock()
		list, err := c.ofFile(ctx, talk)
		if err == nil {
			err = bridge.Apply(list)
		}
		if err != nil {
			fmt.Fprintf(talk, "%v\nthe connectors are as before: mend %s\n", err, c.file)
			return
		}
		fmt.Fprintf(talk, "read %s again: %d connectors\n", c.file, len(list))
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	var parts sync.WaitGroup
	parts.Go(func() {
		for {
			select {
			case <-hup:
				again()
			case <-ctx.Done():
				return
			}
		}
	})
	parts.Go(func() {
		if err := config.Watch(ctx, c.file, again); err != nil {
			fmt.Fprintf(talk, "%s is not watched: %v\n", c.file, err)
		}
	})
	return func() {
		signal.Stop(hup)
		cancel()
		parts.Wait()
	}
}

// named is the relay of a command: the argument, or that of the connection string.
func (c *connectors) named(args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	given, err := connstring.Parse(c.Given())
	if c.Given() != "" && err != nil {
		return "", cli.Usage("%v", err)
	}
	if given.EntityPath == "" {
		return "", cli.Usage("no relay is named: give NAME, --config FILE, or a connection string with EntityPath")
	}
	return given.EntityPath, nil
}

// alone wants no flag of a single connector beside --config.
func (c *connectors) alone(cmd *cobra.Command, args []string, flags ...string) error {
	if c.file == "" {
		return nil
	}
	if len(args) > 0 {
		return cli.Usage("--config names all connectors: leave %s out", args[0])
	}
	for _, name := range flags {
		if cmd.Flags().Changed(name) {
			return cli.Usage("--config names all connectors: leave --%s out", name)
		}
	}
	return nil
}

// usageOf makes what is wrong with a connector of the command line a usage error.
func usageOf(err error) error {
	if flaw, ok := errors.AsType[*connect.Flaw](err); ok {
		return cli.Usage("%s", flaw.Message)
	}
	return err
}
