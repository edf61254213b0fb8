package peer

import "github.com/causeway-relay/causeway/bench/load"

func init() {
	register(Peer{Name: "direct", Kind: "limit", Default: true, Note: "sender -> target, nothing between: the physical limit",
		Start: func(e *Env) (*Tunnel, error) {
			return &Tunnel{Dial: TCPDial(e.TCP), HTTP: &load.HTTPTarget{Addr: e.HTTP, Host: "web.test", Via: "direct"}}, nil
		}})
	forward := func(mode string) func(e *Env) (*Tunnel, error) {
		return func(e *Env) (*Tunnel, error) {
			t := &Tunnel{}
			a, h := Addr(Port()), Addr(Port())
			if err := t.gateway(e.Run("gw-tcp", nil, e.Self, "limit-forward", a, e.TCP, mode)); err != nil {
				return t, err
			}
			if err := t.gateway(e.Run("gw-http", nil, e.Self, "limit-forward", h, e.HTTP, mode)); err != nil {
				return t, err
			}
			t.Dial, t.HTTP = TCPDial(a), &load.HTTPTarget{Addr: h, Host: "web.test", Via: "tcp"}
			return t, WaitPort(h, t.Gateway[1])
		}
	}
	register(Peer{Name: "splice1", Kind: "limit", Default: true, Note: "one hop: Go proxy that dials the target, splice(2), plain", Start: forward("splice")})
	relay := func(mode string) func(e *Env) (*Tunnel, error) {
		return func(e *Env) (*Tunnel, error) {
			t := &Tunnel{}
			var addrs [2]string
			for i, target := range []string{e.TCP, e.HTTP} {
				pub, ag := Addr(Port()), Addr(Port())
				addrs[i] = pub
				n := []string{"-tcp", "-http"}[i]
				if err := t.gateway(e.Run("gw"+n, nil, e.Self, "limit-relay-gateway", pub, ag, mode)); err != nil {
					return t, err
				}
				if err := WaitPort(pub, t.Gateway[i]); err != nil {
					return t, err
				}
				if err := t.agent(e.Run("agent"+n, nil, e.Self, "limit-relay-agent", ag, target, mode)); err != nil {
					return t, err
				}
			}
			t.Dial, t.HTTP = TCPDial(addrs[0]), &load.HTTPTarget{Addr: addrs[1], Host: "web.test", Via: "tcp"}
			return t, nil
		}
	}
	register(Peer{Name: "relay-splice", Kind: "limit", Default: true,
		Note: "the real topology at its limit: gateway + outbound agent, 32 standby connections, splice(2) in both, plain", Start: relay("splice")})
	register(Peer{Name: "relay-copy", Kind: "limit", Default: true,
		Note: "the same with 64 KiB pooled user-space buffers instead of splice", Start: relay("copy")})
	register(Peer{Name: "relay-hybrid", Kind: "limit", Default: true,
		Note: "the same with a 2 KiB buffer while a stream is quiet and splice while it is busy", Start: relay("hybrid")})
}
