package watch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// NewTop makes the command that shows rates.
func NewTop() *cobra.Command {
	var every time.Duration
	var watch bool
	var most int
	cmd := &cobra.Command{
		Use: "top", Short: "Show what runs: relays, listeners and streams with their rates", Args: cli.Args(cobra.NoArgs),
		Long: `Show what runs on all nodes, with the rates of the time between two looks: in is from senders to listeners. On a terminal the
table is drawn anew until interrupted; otherwise it is written once. With --watch it goes on there too, tables apart by an
empty line, and with -o json one object a line for each relay, listener and stream at each look: in and out are the bytes of
the time in duration.`,
		Example: `  causeway top
  causeway top --interval 10s
  causeway top --watch -o json | jq -c 'select(.event == "top.stream" and .in > 0)'`,
	}
	c := cli.ConnectionFlags(cmd)
	cmd.Flags().DurationVar(&every, "interval", 2*time.Second, "`TIME` between two looks, from 100ms")
	cmd.Flags().BoolVar(&watch, "watch", false, "go on, also where the output is no terminal")
	cmd.Flags().IntVar(&most, "most", 20, "show at most `N` streams and listeners")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if every < 100*time.Millisecond {
			return cli.Usage("--interval: expected a time of at least 100ms, such as 2s")
		}
		if most < 0 || most > maxTop {
			return cli.Usage("--most: expected a number from 0 to %d", maxTop)
		}
		asked, err := c.Client()
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		defer cli.EndUnread(cmd.OutOrStdout())()
		out := cmd.OutOrStdout()
		t := &top{
			look:  func(ctx context.Context) (wire.Traffic, error) { return asked.Traffic(ctx, max(most, rated)) },
			out:   out,
			every: every, most: most, asJSON: *c.Format == cli.AsJSON,
			live: cli.Drawable(out) && *c.Format != cli.AsJSON, watch: watch,
		}
		return t.run(ctx)
	}
	return cmd
}

// maxTop is the API's bound; rated is how many streams are asked for at least, so that the ones shown are those of the highest rate.
const (
	maxTop = 1000
	rated  = 200
)

// top draws pictures of the traffic.
type top struct {
	look   func(context.Context) (wire.Traffic, error)
	out    io.Writer
	every  time.Duration
	most   int
	asJSON bool
	live   bool // on a terminal: drawn over the last one
	watch  bool
}

// run looks until ctx ends, or once.
func (t *top) run(ctx context.Context) error {
	before, err := t.look(ctx)
	if err != nil {
		return interrupted(ctx, err)
	}
	if t.asJSON && !t.watch {
		return cli.WriteJSON(t.out, before)
	}
	tick := time.NewTicker(t.every)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		now, err := t.look(ctx)
		if err != nil {
			return interrupted(ctx, err)
		}
		if err := t.show(ratesOf(&before, &now, t.most), n); err != nil || !t.live && !t.watch {
			return err
		}
		before = now
	}
}

// interrupted makes an interruption no failure.
func interrupted(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// topLine is one object of --watch -o json.
type topLine struct {
	Time      time.Time `json:"time"`
	Event     string    `json:"event"` // top.entity, top.listener, top.stream
	Entity    string    `json:"entity"`
	Remote    string    `json:"remote"`
	Reason    string    `json:"reason"` // always "": members are those of all lines of events
	In        int64     `json:"in"`
	Out       int64     `json:"out"`
	Duration  wire.Span `json:"duration"` // in which in and out passed
	ID        string    `json:"id,omitempty"`
	Listener  string    `json:"listener,omitempty"`
	Node      int       `json:"node,omitempty"`
	State     string    `json:"state,omitempty"`
	Listeners int       `json:"listeners"`
	Streams   int       `json:"streams"`

	counts wire.ListenerCounts
	offers wire.Offers
	age    time.Duration
}

// rates is what happened between two looks.
type rates struct {
	took                         time.Duration
	entities, listeners, streams []topLine
	missing                      []int
}

// ratesOf compares two pictures. What was not in the first began in between; what fell is a node that began anew.
func ratesOf(before, now *wire.Traffic, most int) *rates {
	r := &rates{took: now.Time.Sub(before.Time), missing: now.Missing}
	blank := topLine{Time: now.Time, Duration: wire.Span(r.took)}
	was := make(map[string][2]int64)
	for i := range before.Entities {
		was["e"+before.Entities[i].Entity] = [2]int64{before.Entities[i].In, before.Entities[i].Out}
	}
	for i := range before.Streams {
		was["s"+before.Streams[i].ID] = [2]int64{before.Streams[i].In, before.Streams[i].Out}
	}
	for i := range now.Entities {
		e, l := &now.Entities[i], blank
		l.Event, l.Entity, l.counts, l.Streams = "top.entity", e.Entity, e.Listeners, e.Streams
		l.Listeners = e.Listeners.Online + e.Listeners.Slow + e.Listeners.Deaf
		l.In, l.Out = since(was, "e"+e.Entity, e.In, e.Out)
		r.entities = append(r.entities, l)
	}
	carried := make(map[string]*topLine)
	for i := range now.Streams {
		s, l := &now.Streams[i], blank
		l.Event, l.Entity, l.Remote, l.ID, l.Listener, l.Node = "top.stream", s.Entity, s.Remote, s.ID, s.Listener, s.Node
		l.In, l.Out = since(was, "s"+s.ID, s.In, s.Out)
		l.age = now.Time.Sub(s.Since)
		r.streams = append(r.streams, l)
		sum := carried[s.Entity+"\x00"+s.Listener]
		if sum == nil {
			sum = new(topLine)
			carried[s.Entity+"\x00"+s.Listener] = sum
		}
		sum.In, sum.Out, sum.Streams = sum.In+l.In, sum.Out+l.Out, sum.Streams+1
	}
	for i := range now.Listeners {
		s, l := &now.Listeners[i], blank
		l.Event, l.Entity, l.Remote, l.ID, l.Listener, l.Node, l.State = "top.listener", s.Entity, s.Remote, s.ID, s.ID, s.Node, s.State
		l.offers, l.age = s.Offers, now.Time.Sub(s.Since)
		if sum := carried[s.Entity+"\x00"+s.ID]; sum != nil {
			l.In, l.Out, l.Streams = sum.In, sum.Out, sum.Streams
		}
		r.listeners = append(r.listeners, l)
	}
	r.streams = busiest(r.streams, most)
	r.listeners = busiest(r.listeners, most)
	return r
}

// since is what passed since the last look.
func since(was map[string][2]int64, key string, in, out int64) (newIn, newOut int64) {
	old := was[key]
	if in < old[0] || out < old[1] {
		return in, out
	}
	return in - old[0], out - old[1]
}

// busiest sorts by what passed and cuts.
func busiest(lines []topLine, most int) []topLine {
	slices.SortStableFunc(lines, func(a, b topLine) int { return int(min(max(b.In+b.Out-a.In-a.Out, -1), 1)) })
	return lines[:min(most, len(lines))]
}

// show writes one look; n counts them from 0.
func (t *top) show(r *rates, n int) error {
	if t.asJSON {
		for _, lines := range [][]topLine{r.entities, r.listeners, r.streams} {
			for i := range lines {
				if err := cli.WriteLine(t.out, &lines[i]); err != nil {
					return err
				}
			}
		}
		return nil
	}
	var b bytes.Buffer
	switch {
	case t.live:
		b.WriteString("\x1b[H\x1b[2J") // home, clear
	case n > 0:
		b.WriteString("\n")
	}
	if err := r.draw(&b); err != nil {
		return err
	}
	_, err := t.out.Write(b.Bytes())
	return err
}

// draw writes the tables.
func (r *rates) draw(w io.Writer) error {
	rows := [][]string{{"RELAY", "ONLINE", "SLOW", "DEAF", "STREAMS", "IN/S", "OUT/S"}}
	for i := range r.entities {
		e := &r.entities[i]
		rows = append(rows, []string{
			cli.OneLine(e.Entity), strconv.Itoa(e.counts.Online), strconv.Itoa(e.counts.Slow), strconv.Itoa(e.counts.Deaf), strconv.Itoa(e.Streams),
			r.rate(e.In), r.rate(e.Out),
		})
	}
	if err := cli.Table(w, rows); err != nil {
		return err
	}
	rows = [][]string{{columnListener, "RELAY", "NODE", "STATE", "ACCEPTED", "IGNORED", "STREAMS", "IN/S", "OUT/S", "FOR"}}
	for i := range r.listeners {
		l := &r.listeners[i]
		rows = append(rows, []string{
			cli.OneLine(l.Listener), cli.OneLine(l.Entity), strconv.Itoa(l.Node), l.State, strconv.FormatInt(l.offers.Accepted, 10),
			strconv.FormatInt(l.offers.Ignored, 10), strconv.Itoa(l.Streams), r.rate(l.In), r.rate(l.Out), l.age.Round(time.Second).String(),
		})
	}
	if err := section(w, rows); err != nil {
		return err
	}
	rows = [][]string{{"STREAM FROM", "RELAY", columnListener, "NODE", "IN/S", "OUT/S", "FOR"}}
	for i := range r.streams {
		s := &r.streams[i]
		rows = append(rows, []string{
			s.Remote, cli.OneLine(s.Entity), cli.OneLine(s.Listener), strconv.Itoa(s.Node), r.rate(s.In), r.rate(s.Out), s.age.Round(time.Second).String(),
		})
	}
	if err := section(w, rows); err != nil || len(r.missing) == 0 {
		return err
	}
	nodes := make([]string, len(r.missing))
	for i, n := range r.missing {
		nodes[i] = strconv.Itoa(n)
	}
	_, err := fmt.Fprintf(w, "\nnot counted, because they do not answer: node %s\n", strings.Join(nodes, ", "))
	return err
}

// section writes a table behind an empty line, if it has more than its head.
func section(w io.Writer, rows [][]string) error {
	if len(rows) < 2 {
		return nil
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return cli.Table(w, rows)
}

// rate writes bytes a second.
func (r *rates) rate(n int64) string {
	perSecond := float64(n) / max(r.took.Seconds(), 0.001)
	for _, unit := range []string{"B", "KiB", "MiB"} {
		if perSecond < 1024 {
			return strconv.FormatFloat(perSecond, 'f', decimals(unit, perSecond), 64) + " " + unit
		}
		perSecond /= 1024
	}
	return strconv.FormatFloat(perSecond, 'f', 1, 64) + " GiB"
}

// decimals is one for what is not whole bytes and short enough.
func decimals(unit string, v float64) int {
	if unit == "B" || v >= 100 {
		return 0
	}
	return 1
}
