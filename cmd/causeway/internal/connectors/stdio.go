package connectors

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/bridge/connect/stdio"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
)

// onStdio is the address of standard input and output.
const onStdio = "-"

// stdio makes standard input and output the one sender of a relay, until both directions have ended.
func (c *connectors) stdio(cmd *cobra.Command, one connect.Connector) error {
	if flag := firstChanged(cmd, []string{"retry", "grace", "output"}); flag != "" {
		return cli.Usage("--bind %s is one stream, and standard output is its own: leave --%s out", onStdio, flag)
	}
	one.Bind = "127.0.0.1:0" // for the check: nobody opens it
	if err := checked(&one); err != nil {
		return err
	}
	list := []connect.Connector{one}
	if err := c.complete(cmd.Context(), list); err != nil {
		return err
	}
	cli.Unread()
	out := cmd.OutOrStdout()
	conn := stdio.New(cmd.InOrStdin(), out)
	defer cli.OnUnread(out, conn.Unread)()
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer onHangup(conn.Unread)()
	err := connect.New(c.params()).Carry(ctx, list[0], conn)
	switch own := conn.Err(); {
	case ctx.Err() != nil, errors.Is(own, stdio.ErrUnread):
		return cli.Silent(cli.ExitFailure) // who is to read of it has ended it
	case own != nil:
		return own
	}
	return usageOf(err)
}

// onHangup calls f when the terminal is gone, or the program that has started this one, such as ssh at its end; unless hang-ups are ignored,
// as by nohup.
func onHangup(f func()) (stop func()) {
	if signal.Ignored(syscall.SIGHUP) {
		return func() {}
	}
	ctx, forget := signal.NotifyContext(context.Background(), syscall.SIGHUP)
	off := context.AfterFunc(ctx, f)
	return func() {
		off()
		forget()
	}
}
