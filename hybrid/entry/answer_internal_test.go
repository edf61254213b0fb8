package entry

import (
	"testing"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/leg"
)

// welcomed is a visit with the key and the answer of RFC 6455 section 1.3.
func welcomed(action wire.Action, raw bool, agent string) *visit {
	fields := http1.Fields{{Name: "Sec-WebSocket-Key", Value: "dGhlIHNhbXBsZSBub25jZQ=="}}
	if agent != "" {
		fields.Add(wire.AgentField, agent)
	}
	return &visit{
		entry: &Entry{p: Params{Node: 7}}, arrival: &leg.Arrival{Head: &http1.Head{Method: "GET", Fields: fields}},
		target: wire.Target{Action: action}, key: "dGhlIHNhbXBsZSBub25jZQ==", raw: raw, hello: &shape.Hello{Tracking: "6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
	}
}

// TestWelcome: the bytes of each kind of 101, which is a head as the codec reads it.
func TestWelcome(t *testing.T) {
	const begin, end = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: ", "TrackingId: 6ba7b810-9dad-11d1-80b4-00c04fd430c8_G7\r\n\r\n"
	const ws = begin + "websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
	for name, row := range map[string]struct {
		visit  *visit
		choice string
		kind   string
		want   string
	}{
		"a sender":           {welcomed(wire.ActionConnect, false, ""), "", "", ws + end},
		"with a choice":      {welcomed(wire.ActionAccept, false, ""), "soap.v1", "", ws + "Sec-WebSocket-Protocol: soap.v1\r\n" + end},
		"bytes":              {welcomed(wire.ActionAccept, true, ""), "", "", begin + "causeway/1\r\nConnection: Upgrade\r\n" + end},
		"who asks for kinds": {welcomed(wire.ActionConnect, false, "kind"), "", "event", ws + "Causeway-Kind: event\r\n" + end},
		"our own agent":      {welcomed(wire.ActionListen, false, "raw, standby=2, cancel"), "", "", ws + wire.AgentField + ": raw, standby=2, cancel\r\n" + end},
		"what nobody grants": {welcomed(wire.ActionListen, false, "later"), "", "", ws + end},
	} {
		got := string(row.visit.appendWelcome(nil, row.choice, row.kind))
		if got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
		if h, n, err := http1.DecodeResponse([]byte(got), http1.Limits{}); err != nil || n != len(got) || h.Status != 101 {
			t.Errorf("%s: %+v, %d of %d bytes, %v", name, h, n, len(got), err)
		}
	}
}

// TestWelcomeAllocations: a 101 is made in the buffer that it leaves from.
func TestWelcomeAllocations(t *testing.T) {
	buf := make([]byte, 0, 512)
	for _, v := range []*visit{welcomed(wire.ActionConnect, false, ""), welcomed(wire.ActionAccept, true, "")} {
		if n := testing.AllocsPerRun(100, func() { buf = v.appendWelcome(buf[:0], "soap", "") }); n != 0 {
			t.Errorf("%v allocations of a 101; bytes: %t", n, v.raw)
		}
	}
}
