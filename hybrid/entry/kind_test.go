package entry_test

import (
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// TestKindTold: who may send or listen, and asks, is told of what kind a relay is although nobody is met; nobody else is.
func TestKindTold(t *testing.T) {
	both(t, func(s *set) {
		for _, kind := range entity.Kinds() {
			name := "of-" + string(kind)
			s.Add(&entity.Entity{Name: name, Kind: kind})
			status := 404
			if kind == entity.Event { // it takes messages whoever is there
				status = 101
			}
			ask := credential(s.sign(name))
			for what, row := range map[string]struct {
				target string
				lines  []string
				status int
				want   entity.Kind
			}{
				"a sender":         {target(name, "connect", ""), []string{ask, "Causeway-Agent: kind"}, status, kind},
				"one of limits":    {target(name, "connect", ""), []string{ask, "Causeway-Agent: kind", "Microsoft-Relay-AllowedListeners: " + guid(9)}, status, kind},
				"who does not ask": {target(name, "connect", ""), []string{ask}, status, ""},
				"no token":         {target(name, "connect", ""), []string{"Causeway-Agent: kind"}, 401, ""},
			} {
				p := s.dial(s.senderNode, s.door)
				a := p.write(p.head(row.target, row.lines...)).answer()
				if got := a.Fields.Get("Causeway-Kind"); a.Status != row.status || got != string(row.want) {
					t.Errorf("%s, %s: %d %q: told %q, want %d and %q", kind, what, a.Status, a.Reason, got, row.status, row.want)
				}
				p.reset()
			}
			p := s.dial(s.listenerNode, s.door)
			p.write("GET " + target(name, "standby", "sb-hc-id="+guid(9)) + " HTTP/1.1\r\nHost: " + p.host + "\r\nConnection: Upgrade\r\nUpgrade: causeway/1\r\n" +
				ask + "\r\nCauseway-Agent: kind\r\n\r\n")
			if a := p.answer(); a.Status != 409 || a.Fields.Get("Causeway-Kind") != string(kind) {
				t.Errorf("%s, a listener: %d %v", kind, a.Status, a.Fields)
			}
		}
	})
}
