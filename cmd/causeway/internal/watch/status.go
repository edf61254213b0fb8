package watch

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// NewStatus makes the command that shows one picture.
func NewStatus() *cobra.Command {
	cmd := &cobra.Command{
		Use: "status [NAME]", Short: "Show nodes, relays, listeners and certificates, or one relay's listeners", Args: cli.Args(cobra.MaximumNArgs(1)),
		Long: `Show the gateway in one picture. With NAME: who listens at that relay and what each seems to be (online, slow, deaf), and when and
why listeners came, went, became deaf and came back.`,
		Example: `  causeway status
  causeway status hyco
  causeway status -o json | jq .nodes`,
	}
	c := cli.ConnectionFlags(cmd)
	cmd.ValidArgsFunction = c.RelayNames
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asked, err := c.Client()
		if err != nil {
			return err
		}
		if len(args) > 0 {
			s, err := asked.StatusOf(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.Format.Write(cmd, s, func() error { return showRelay(cmd.OutOrStdout(), &s) })
		}
		s, err := asked.Status(cmd.Context())
		if err != nil {
			return err
		}
		return c.Format.Write(cmd, s, func() error { return showStatus(cmd.OutOrStdout(), &s) })
	}
	return cmd
}

// columnListener is the head of the column that names listeners, in every table that has one.
const columnListener = "LISTENER"

// showRelay writes the picture of one relay for people.
func showRelay(w io.Writer, s *wire.Status) error {
	e := s.Entity
	if e == nil {
		return errors.New("the gateway does not know this question: it is older than this command")
	}
	rows := [][]string{
		{"relay", e.Name},
		{"listeners", fmt.Sprintf("%d online, %d slow, %d deaf", e.Listeners.Online, e.Listeners.Slow, e.Listeners.Deaf)},
	}
	if err := cli.Table(w, rows); err != nil {
		return err
	}
	rows = [][]string{{columnListener, "NODE", "STATE", "REMOTE", "SINCE", "ACCEPTED", "IGNORED", "AGENT"}}
	for i := range s.Listening {
		l := &s.Listening[i]
		rows = append(rows, []string{
			cli.OneLine(l.ID), strconv.Itoa(l.Node), l.State, l.Remote, cli.Clock(l.Since),
			strconv.FormatInt(l.Offers.Accepted, 10), strconv.FormatInt(l.Offers.Ignored, 10), cli.OneLine(l.Agent),
		})
	}
	if err := section(w, rows); err != nil {
		return err
	}
	return showPresence(w, s.Presence, false)
}

// showPresence writes who came and went, and why.
func showPresence(w io.Writer, list []wire.Presence, withRelay bool) error {
	rows := [][]string{{"TIME", "EVENT", columnListener, "NODE", "REMOTE", "AFTER", "WHY"}}
	if withRelay {
		rows[0] = slices.Insert(rows[0], 2, "RELAY")
	}
	for i := range list {
		p := &list[i]
		after := ""
		if p.Duration != 0 {
			after = time.Duration(p.Duration).Round(time.Second).String()
		}
		row := []string{
			cli.Clock(p.Time), strings.TrimPrefix(p.Event, "listener."), cli.OneLine(p.Listener), strconv.Itoa(p.Node), p.Remote, after,
			cli.OneLine(strings.TrimSpace(p.Reason + " " + p.Text)),
		}
		if withRelay {
			row = slices.Insert(row, 2, cli.OneLine(p.Entity))
		}
		rows = append(rows, row)
	}
	return section(w, rows)
}

// shownPresence is how many of the newest comings and goings the whole picture shows to people.
const shownPresence = 10

// showStatus writes the picture for people.
func showStatus(w io.Writer, s *wire.Status) error {
	rows := [][]string{
		{"version", s.Version}, {"relays", strconv.Itoa(s.Entities)}, {"listeners", strconv.Itoa(s.Listeners)}, {"streams", strconv.Itoa(s.Streams)},
		{"exchanges", strconv.Itoa(s.Exchanges)},
	}
	for _, cert := range s.Certificates {
		rows = append(rows, []string{"certificate", cert.Name + " until " + cli.Clock(cert.NotAfter)})
	}
	if err := cli.Table(w, rows); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(w) // the next write says what is wrong
	rows = [][]string{{"NODE", "LIVE", "SINCE", "DOORS"}}
	for _, n := range s.Nodes {
		doors := make([]string, 0, len(n.Doors))
		for _, door := range slices.Sorted(maps.Keys(n.Doors)) {
			doors = append(doors, door+" "+n.Doors[door])
		}
		rows = append(rows, []string{strconv.Itoa(n.Node), strconv.FormatBool(n.Live), cli.Clock(n.Since), strings.Join(doors, ", ")})
	}
	if err := cli.Table(w, rows); err != nil {
		return err
	}
	return showPresence(w, s.Presence[max(0, len(s.Presence)-shownPresence):], true)
}
