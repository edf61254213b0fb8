package peer

import (
	"github.com/causeway-relay/causeway/bench/limits"
	"github.com/causeway-relay/causeway/bench/load"
)

// moving are the cells but those of what waits.
var moving = []string{"bulk", "echo", "setup", "http", "bytes", "soap", "events", "calls", "volume"}

// relays are the bounds that know no protocol.
func relays() []Peer {
	all := []Peer{{
		Name: "direct", Kind: Limit, Default: true, Streams: true, Note: "sender to target over loopback, nothing between",
		start: func(e *Env) (*Tunnel, error) {
			d := tcp(e.Target)
			return &Tunnel{Dial: d, Bytes: true, Web: &load.Web{Dial: d, Host: "web.test", Path: "/"}, NetTCP: netTCP(d)}, nil
		},
	}}
	notes := map[limits.Mode]string{
		limits.Copy:   "a plain double copy: raw TCP on both legs, a gateway and an agent that keeps connections waiting, 64 KiB buffers",
		limits.Splice: "the same, by splice(2) in both",
		limits.Hybrid: "the same, by a small buffer while a stream is quiet and splice(2) while it is busy",
	}
	for _, mode := range limits.Modes {
		var cells []string
		switch mode {
		case limits.Copy:
			cells = []string{"bulk", "echo", "setup", "bytes", "idle"}
		case limits.Splice:
			cells = []string{"bulk", "echo", "setup", "bytes"}
		case limits.Hybrid: // the bound of sessions of net.tcp too
		}
		all = append(all, Peer{
			Cells: cells,
			Name:  "relay-" + string(mode), Kind: Limit, Default: true, Note: notes[mode],
			start: func(e *Env) (*Tunnel, error) { return startRelay(e, mode) },
		})
	}
	return all
}

// netTCP is sessions of net.tcp through what knows nothing of them.
func netTCP(d load.Dialer) *load.NetTCP {
	return &load.NetTCP{Dial: d, Via: "net.tcp://web.test/bench"}
}

func startRelay(e *Env, mode limits.Mode) (*Tunnel, error) {
	senders, agents := freeAddr(), freeAddr()
	t := &Tunnel{Dial: tcp(senders), Bytes: true, NetTCP: netTCP(tcp(senders))}
	g, err := e.start("gateway", nil, e.Self, "relay-gateway", senders, agents, string(mode))
	if err != nil {
		return t, err
	}
	t.gateway = append(t.gateway, g)
	if err := openAt(agents, g); err != nil {
		return t, err
	}
	a, err := e.start("agent", nil, e.Self, "relay-agent", agents, e.Target, string(mode))
	if err != nil {
		return t, err
	}
	t.agent = append(t.agent, a)
	return t, nil
}
