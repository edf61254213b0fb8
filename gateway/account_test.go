package gateway

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// account is one of an exchange, with all that it can have.
func account() *relay.Record {
	return &relay.Record{
		Shape: "exchange", Door: "https", Entity: "plant/line1", Kind: "hybrid", Tracking: "8c7f", Ticket: shape.Ticket{0, 0xff}, Listener: "l1", Node: 1, PeerNode: 2,
		Remote: netip.MustParseAddrPort("192.0.2.1:4711"), Rule: "send", Reason: fail.PeerClosed, Side: "listener", In: 1024, Out: 65536, Messages: 2, Status: 200,
		Stages: relay.Stages{Admit: time.Millisecond, First: time.Second}, Duration: time.Minute,
	}
}

// TestLine: the keys come in the documented order, and only those at the end are left out where there is nothing to say.
func TestLine(t *testing.T) {
	const head = `level=%s msg=closed door=https entity=plant/line1 kind=hybrid tracking=8c7f ticket=00ff0000-0000-0000-0000-000000000000 listener=l1 node=1 peer_node=2 ` +
		`remote=192.0.2.1:4711 rule=send reason=PeerClosed side=listener in=1024 out=65536 messages=2 stages.admit=1ms stages.resolve=0s ` +
		`stages.offer=0s stages.meet=0s stages.first=1s duration=1m0s shape=exchange`
	for _, row := range []struct {
		name   string
		change func(*relay.Record)
		tail   string
	}{
		{"an answer", func(*relay.Record) {}, " status=200\n"},
		{"a stream", func(c *relay.Record) { c.Status = 0 }, "\n"},
		{"all", func(c *relay.Record) { c.Text, c.Cause = "gone", errors.New("reset") }, " status=200 text=gone cause=reset\n"},
	} {
		var b bytes.Buffer
		g := &Gateway{log: slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
				return slog.Attr{}
			}
			return a
		}}))}
		c := account()
		row.change(c)
		g.line("closed", c)
		if want := head[len("level=%s "):] + row.tail; b.String() != want {
			t.Errorf("%s:\ngot  %swant %s", row.name, b.String(), want)
		}
	}
}

// unread is a log that is written and not kept.
type unread struct{ io.Writer }

// TestLineAllocations: a busy node writes a line for each exchange.
func TestLineAllocations(t *testing.T) {
	c := account()
	for name, row := range map[string]struct {
		level slog.Level
		most  float64
	}{"written": {slog.LevelInfo, 5}, "not wanted": {slog.LevelWarn, 0}} {
		g := &Gateway{log: slog.New(slog.NewTextHandler(unread{io.Discard}, &slog.HandlerOptions{Level: row.level}))}
		least := math.Inf(1) // the race detector makes pools lose things now and then
		for range 50 {
			least = min(least, testing.AllocsPerRun(1, func() { g.line("closed", c) }))
		}
		if least > row.most {
			t.Errorf("%s: %v allocations, at most %v are meant", name, least, row.most)
		}
	}
}

func BenchmarkLine(b *testing.B) {
	c := account()
	g := &Gateway{log: slog.New(slog.NewTextHandler(unread{io.Discard}, nil))}
	b.ReportAllocs()
	for b.Loop() {
		g.line("closed", c)
	}
}
