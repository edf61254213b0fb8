package gateway

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/front"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// hooks turn what the relay tells into log lines and figures.
func (g *Gateway) hooks() relay.Hooks {
	return relay.Hooks{
		Step:    g.p.Step,
		Arrived: func(door, shape string) { g.meter.connections.of(door, shape).Inc() },
		Closed: func(c *relay.Record) {
			g.meter.closed(c)
			g.line("closed", c)
		},
		Refused: func(c *relay.Record) {
			g.meter.refused.WithLabelValues(c.Door, string(c.Reason)).Inc()
			g.line("refused", c)
			g.news.refused(c)
		},
		Listener: func(p *relay.Presence) {
			g.presence(p)
			g.news.listener(p)
			if g.p.Presence != nil {
				g.p.Presence(p)
			}
		},
		Cast: g.meter.cast,
		Missed: func(m *relay.Missed) {
			g.log.Warn("listener misses messages", "entity", m.Entity, "listener", m.Listener, "node", int(m.Node),
				"tracking", m.Tracking, "reason", string(m.Reason), "text", m.Text)
			g.news.missed(m)
		},
		Offer: func(outcome string, _ time.Duration) { g.meter.offers.of(outcome, "").Inc() },
	}
}

// presence is one line for what a listener seems to be. Its end has the line of its connection.
func (g *Gateway) presence(p *relay.Presence) {
	attrs := []slog.Attr{
		slog.String("entity", p.Entity), slog.String("listener", p.Listener), slog.Int("node", int(p.Node)), slog.String("remote", p.Remote),
	}
	level, message := slog.LevelInfo, "listener online"
	switch {
	case p.Reason == fail.NodeLost:
		message = "listener lost with its node"
	case !p.Online:
		return
	case p.State == presence.Deaf:
		level, message = slog.LevelWarn, "listener deaf"
	case p.Was == presence.Deaf:
		message = "listener back"
	case p.State == presence.Slow:
		message = "listener slow"
	case p.Was == presence.Slow:
		message = "listener fast again"
	}
	if p.Text != "" {
		attrs = append(attrs, slog.String("text", p.Text))
	}
	g.log.LogAttrs(context.Background(), level, message, attrs...) //nolint:sloglint // one of the constants above
}

// line is the account of one connection: one line, keys in the documented order (contracts section 2). A busy node writes one for
// each exchange, so where nobody reads them they cost nothing, and nothing is formatted that the handler does not format.
func (g *Gateway) line(message string, c *relay.Record) {
	level := slog.LevelInfo
	if c.Reason == fail.Internal {
		level = slog.LevelError
	}
	if g.log.Enabled(context.Background(), level) {
		g.writeLine(level, message, c) // by itself: what nobody reads does not even cost the room on the stack
	}
}

// writeLine writes it.
func (g *Gateway) writeLine(level slog.Level, message string, c *relay.Record) {
	ticket := ""
	if c.Ticket != (shape.Ticket{}) {
		ticket = c.Ticket.GUID()
	}
	attrs := [...]slog.Attr{
		slog.String("door", c.Door), slog.String("entity", c.Entity), slog.String("kind", c.Kind),
		slog.String("tracking", c.Tracking), slog.String("ticket", ticket), slog.String("listener", c.Listener),
		slog.Int("node", int(c.Node)), slog.Int("peer_node", int(c.PeerNode)), slog.String("remote", c.Remote.String()),
		slog.String("rule", c.Rule), slog.String("reason", string(c.Reason)), slog.String("side", c.Side),
		slog.Int64("in", c.In), slog.Int64("out", c.Out), slog.Int64("messages", c.Messages),
		{Key: "stages", Value: stages(&c.Stages)}, slog.Duration("duration", c.Duration), slog.String("shape", c.Shape),
		{}, {}, {}, {}, {}, {}, {}, {}, // taken, missed, within, action, to, status, text, cause: at the end, where there are any
	}
	n := len(attrs) - 8
	if c.Shape == "cast" || c.Taken+c.Missed > 0 {
		attrs[n], attrs[n+1] = slog.Int64("taken", c.Taken), slog.Int64("missed", c.Missed)
		n += 2
	}
	if c.Within != "" {
		attrs[n], n = slog.String("within", c.Within), n+1
	}
	if c.Action != "" {
		attrs[n], n = slog.String("action", c.Action), n+1
	}
	if c.To != "" {
		attrs[n], n = slog.String("to", c.To), n+1
	}
	if c.Status != 0 {
		attrs[n], n = slog.Int("status", c.Status), n+1
	}
	if c.Text != "" {
		attrs[n], n = slog.String("text", c.Text), n+1
	}
	if c.Cause != nil {
		attrs[n], n = slog.Any("cause", c.Cause), n+1
	}
	r := slog.NewRecord(c.Began.Add(c.Duration), level, message, 0) // the time is that of the end; nobody asks which line of code it was
	r.AddAttrs(attrs[:n]...)
	_ = g.log.Handler().Handle(context.Background(), r) // as with any line: nobody could do anything about it
}

// stages are the times of a connection in one group.
func stages(s *relay.Stages) slog.Value {
	return slog.GroupValue(
		slog.Duration("admit", s.Admit), slog.Duration("resolve", s.Resolve),
		slog.Duration("offer", s.Offer), slog.Duration("meet", s.Meet), slog.Duration("first", s.First))
}

// frontHooks do the same for what never came to the relay.
func (g *Gateway) frontHooks() front.Hooks {
	return front.Hooks{
		Refused: func(r front.Refusal) {
			g.meter.refused.WithLabelValues(r.Door, string(r.Code)).Inc()
			g.log.Info("refused", "door", r.Door, "tracking", r.Tracking, "remote", r.Remote.String(),
				"reason", string(r.Code), "side", "sender", "status", r.Status, "cause", r.Err)
		},
		TLSError: func(door string, _ netip.AddrPort, _ error) { g.meter.handshakes.WithLabelValues(door).Inc() },
		AcceptErr: func(door string, err error, wait time.Duration) {
			g.log.Error("cannot accept", "door", door, "cause", err, "again_in", wait)
		},
		Panicked: func(door, tracking string, value any, stack []byte) {
			g.log.Error("panic", "door", door, "tracking", tracking, "value", value, "stack", string(stack))
		},
	}
}
