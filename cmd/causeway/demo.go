package main

import (
	"context"
	"io"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/demo"
)

// lastStep is the number of the last documented step.
const lastStep = 9

func newDemo() *cobra.Command {
	var p demo.Params
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole system on real traffic: two nodes, a listener, senders, the nine steps",
		Long: `Starts two nodes in this process on loopback ports of their own, a listener with a local service at node 2 and
senders at node 1, and prints the nine documented steps as the relay reports them: when, and on which node. Behind
them come connectors, and a SOAP calculator called as clients of basicHttpBinding and wsHttpBinding do.`,
		Example: `  causeway demo
  causeway demo --keep --ready-file demo.json   # try your own listener and sender on both nodes
  causeway demo --stop-listener-before 6        # see how the road ends without a listener`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case p.Senders < 0:
				return cli.Usage("--senders: expected a number from 1")
			case p.StopListenerBefore < 0 || p.StopListenerBefore > lastStep:
				return cli.Usage("--stop-listener-before: expected the number of a step, from 1 to %d", lastStep)
			case p.ReadyFile != "" && !p.Keep:
				return cli.Usage("--ready-file goes with --keep: without it both nodes have ended before anybody could read the file")
			}
			p.Out = c.OutOrStdout()
			return show(c.Context(), p)
		},
	}
	c.Flags().BoolVar(&p.Keep, "keep", false, "leave both nodes running until Ctrl-C")
	c.Flags().StringVar(&p.ReadyFile, "ready-file", "", "with --keep: write both nodes' addresses and connection strings to this file")
	c.Flags().IntVar(&p.Senders, "senders", 0, "how many senders come (default 5)")
	c.Flags().IntVar(&p.StopListenerBefore, "stop-listener-before", 0, "stop the listener before the step of this number")
	return c
}

// show runs the demonstration until its end, an interruption, or until nobody reads it any more: then it takes away what it has on disk,
// keys and the ready file, without a word. A second interruption ends the process.
func show(ctx context.Context, p demo.Params) error {
	cli.Unread() // the signal comes for sockets too, so it says nothing of the output: a failed write does
	ctx, unread := context.WithCancel(ctx)
	defer unread()
	p.Out = &watched{p.Out, unread}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	err := demo.Run(ctx, p)
	if err != nil && ctx.Err() != nil {
		return cli.Silent(cli.ExitFailure)
	}
	return err
}

// watched is an output that tells when nobody reads it any more.
type watched struct {
	io.Writer

	unread func()
}

// Write implements io.Writer.
func (w *watched) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	if err != nil {
		w.unread()
	}
	return n, err
}
