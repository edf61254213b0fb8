package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

func newStatus() *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Short: "Show nodes, relays, listeners and certificates", Args: args(cobra.NoArgs),
		Example: `  causeway status
  causeway status -o json | jq .nodes`,
	}
	c := connectionFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		asked, err := c.client()
		if err != nil {
			return err
		}
		s, err := asked.Status(cmd.Context())
		if err != nil {
			return err
		}
		return c.format.write(cmd, s, func() error { return showStatus(cmd.OutOrStdout(), &s) })
	}
	return cmd
}

// showStatus writes the picture for people.
func showStatus(w io.Writer, s *wire.Status) error {
	rows := [][]string{
		{"version", s.Version}, {"relays", strconv.Itoa(s.Entities)}, {"listeners", strconv.Itoa(s.Listeners)}, {"streams", strconv.Itoa(s.Streams)},
	}
	for _, cert := range s.Certificates {
		rows = append(rows, []string{"certificate", cert.Name + " until " + clock(cert.NotAfter)})
	}
	if err := table(w, rows); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(w) // the next write says what is wrong
	rows = [][]string{{"NODE", "LIVE", "SINCE", "DOORS"}}
	for _, n := range s.Nodes {
		doors := make([]string, 0, len(n.Doors))
		for _, door := range slices.Sorted(maps.Keys(n.Doors)) {
			doors = append(doors, door+" "+n.Doors[door])
		}
		rows = append(rows, []string{strconv.Itoa(n.Node), strconv.FormatBool(n.Live), clock(n.Since), strings.Join(doors, ", ")})
	}
	return table(w, rows)
}
