package watch

import (
	"context"
	"errors"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/gateway/tap"
)

// NewTap makes the command that shows what passes a relay.
func NewTap() *cobra.Command {
	var o tapOptions
	cmd := &cobra.Command{
		Use: "tap NAME", Short: "Show what passes a relay, while it passes: exchanges, messages, frames", Args: cli.Args(cobra.ExactArgs(1)),
		Long: `Show what passes a relay on all nodes, until interrupted: the heads and bodies of exchanges, the pieces of streams, the messages of
one-way and event relays. SOAP is decoded, as text and in .NET's binary encoding, from HTTP and from net.tcp; other text is
shown as it is, other bytes as a hex dump. SOAP is shown when it is whole, or, as far as it came, when its connection ends before.

It takes the right Manage, of the namespace or of the relay. Tokens, passwords and cookies are masked; with -o json the bytes of
binary, packed and UTF-16 messages are left away, since they cannot be, and what they say is beside. Nothing waits for the
one who looks: what comes faster than it is shown is dropped and counted. Streams behind TLS of their own (transport security
of net.tcp) show that and no more. The gateway's log says who looked.

Each line begins with the time (UTC) and the first digits of the tracking id, which the log and error texts have too. > comes
from the sender, < from the listener, . is about the connection.`,
		Example: `  causeway tap calc
  causeway tap calc --heads
  causeway tap plant/line1 --bytes 262144
  causeway tap calc -o json | jq -r 'select(.event == "request") | .action'`,
	}
	c := cli.ConnectionFlags(cmd)
	cmd.ValidArgsFunction = c.RelayNames
	cmd.Flags().IntVar(&o.bytes, "bytes", tap.DefaultBytes, "show at most `N` bytes of each body, message, or piece of a stream")
	cmd.Flags().BoolVar(&o.heads, "heads", false, "leave bodies, messages and pieces away")
	cmd.Flags().IntVar(&o.count, "count", 0, "end after `N` connections have ended; default: never")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.bytes < 1 || o.bytes > tap.MaxBytes {
			return cli.Usage("--bytes takes a number from 1 to %d", tap.MaxBytes)
		}
		if o.count < 0 {
			return cli.Usage("--count: expected a number from 1, or 0 for no end")
		}
		asked, err := c.Client()
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		defer cli.EndUnread(cmd.OutOrStdout())()
		s := newSights(cmd.OutOrStdout(), cmd.ErrOrStderr(), &o)
		s.json = *c.Format == cli.AsJSON
		return interrupted(ctx, s.run(ctx, asked, args[0]))
	}
	return cmd
}

// tapOptions are the flags of a tap.
type tapOptions struct {
	bytes, count int
	heads        bool
}

// run shows until ctx ends, enough was seen, or the gateway says no.
func (s *sights) run(ctx context.Context, asked *client.Client, entity string) error {
	err := asked.Tap(ctx, entity, s.o.bytes, func() { s.opened(entity) }, func(r *wire.Seen) error { return s.take(r) })
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}
