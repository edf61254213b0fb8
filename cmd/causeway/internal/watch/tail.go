package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// NewTail makes the command that follows events.
func NewTail() *cobra.Command {
	var after string
	var count int
	cmd := &cobra.Command{
		Use: "tail [NAME]", Short: "Follow what happens: listeners, relays, limits, certificates", Args: cli.Args(cobra.MaximumNArgs(1)),
		Long: `Show what happens on all nodes, one event a line, until interrupted: listeners that come, go, become deaf and come back, with
the reasons; relays that are made, changed and deleted; limits that are reached; certificates that end soon. With NAME only
what concerns that relay, which has to be there, except with --after: what happened to one that is gone can still be seen, and
its coming waited for. A lost connection is opened again, and what happened meanwhile is shown, as far as the gateway
still has it: it keeps the last 1,000 events.`,
		Example: `  causeway tail
  causeway tail plant/line1
  causeway tail -o json | jq -c 'select(.event == "listener.deaf")'`,
	}
	c := cli.ConnectionFlags(cmd)
	cmd.ValidArgsFunction = c.RelayNames
	cmd.Flags().StringVar(&after, "after", "", "begin behind the event with this `ID`; default: now")
	cmd.Flags().IntVar(&count, "count", 0, "end after `N` events; default: never")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if count < 0 {
			return cli.Usage("--count: expected a number from 1, or 0 for no end")
		}
		asked, err := c.Client()
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		defer cli.EndUnread(cmd.OutOrStdout())()
		t := &tail{client: asked, out: cmd.OutOrStdout(), talk: cmd.ErrOrStderr(), format: c.Format, last: after, left: count}
		if len(args) > 0 {
			t.entity = args[0]
		}
		if t.entity != "" && after == "" { // nothing would ever be shown, and nobody would know why
			if _, err := asked.Entity(ctx, t.entity); err != nil {
				return interrupted(ctx, err)
			}
		}
		return t.run(ctx)
	}
	return cmd
}

// tail follows events over as many connections as it takes.
type tail struct {
	client    *client.Client
	out, talk io.Writer
	format    *cli.Format
	entity    string
	last      string // id of the last event seen
	left      int    // events still to show; 0 from the beginning: no end
	stood     bool   // a stream was open once
	waits     time.Duration
}

// The pauses between two attempts to follow.
const (
	firstPause = 500 * time.Millisecond
	lastPause  = 15 * time.Second
)

// errEnough ends a tail that was to show so many events.
var errEnough = errors.New("enough events")

// run follows until ctx ends, which is no failure, or the gateway says no.
func (t *tail) run(ctx context.Context) error {
	t.waits = firstPause
	for {
		err := t.client.Events(ctx, t.entity, t.last, t.open, t.show)
		if errors.Is(err, errEnough) {
			err = nil
		}
		if err == nil || ctx.Err() != nil || !t.stood || !again(err) {
			return interrupted(ctx, err)
		}
		pause := t.waits/2 + rand.N(t.waits/2) // many who were cut off at once shall not come back at once
		t.waits = min(2*t.waits, lastPause)
		_, _ = fmt.Fprintf(t.talk, "causeway: %v; again in %s\n", err, pause.Round(time.Millisecond)) // nobody is told of a lost stderr
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// again reports whether an end may be over soon: nobody answered, or a node that starts or drains.
func again(err error) bool {
	if no, ok := errors.AsType[*client.Error](err); ok {
		return no.Status == http.StatusServiceUnavailable
	}
	return errors.As(err, new(*client.Unreachable))
}

func (t *tail) open() {
	if t.stood {
		_, _ = fmt.Fprintln(t.talk, "causeway: connected again") // as above
	}
	t.stood, t.waits = true, firstPause
}

// show writes one event.
func (t *tail) show(e *wire.Event) error {
	t.last = e.ID
	var err error
	if *t.format == cli.AsJSON {
		err = cli.WriteLine(t.out, e)
	} else {
		_, err = fmt.Fprintln(t.out, eventLine(e))
	}
	if err != nil {
		return err
	}
	if t.left--; t.left == 0 {
		return errEnough
	}
	return nil
}

// eventLine is an event for people.
func eventLine(e *wire.Event) string {
	parts := []string{cli.Clock(e.Time), fmt.Sprintf("%-21s", e.Event)}
	for _, s := range []string{e.Entity, e.Listener, e.Certificate} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if e.Node != 0 {
		parts = append(parts, fmt.Sprintf("node %d", e.Node))
	}
	if e.Remote != "" {
		parts = append(parts, e.Remote)
	}
	if e.NotAfter != nil {
		parts = append(parts, "until "+cli.Clock(*e.NotAfter))
	}
	line := strings.Join(parts, "  ")
	if why := strings.TrimSpace(e.Reason + " " + e.Text); why != "" {
		line += "  " + why
	}
	if e.Duration != 0 {
		line += fmt.Sprintf(" (after %s)", time.Duration(e.Duration).Round(time.Second))
	}
	return cli.OneLine(line)
}
