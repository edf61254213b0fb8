package entry

import (
	"testing"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// TestPostsCasts: who gets messages as requests: our agents that ask for it, and who says so in the listen address, in any case.
func TestPostsCasts(t *testing.T) {
	rows := []struct {
		target string
		agent  wire.Agent
		want   bool
	}{
		{"/$hc/news?sb-hc-action=listen", wire.Agent{}, false},
		{"/$hc/news?sb-hc-action=listen", wire.Agent{Raw: true, Cancel: true}, false},
		{"/$hc/news?sb-hc-action=listen", wire.Agent{Cast: true}, true},
		{"/$hc/news?sb-hc-action=listen&sb-hc-cast=request", wire.Agent{}, true},
		{"/$hc/news?SB-HC-CAST=Request&sb-hc-cast=other", wire.Agent{}, true},
		{"/$hc/news?sb-hc-cast=message", wire.Agent{}, false},
	}
	for _, row := range rows {
		target, err := wire.ParseTarget(row.target)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&visit{target: target}).postsCasts(row.agent); got != row.want {
			t.Errorf("%s %+v: %v", row.target, row.agent, got)
		}
	}
}

// TestWrittenTogether: several messages leave with one stroke on a connection, and never as requests, of which each has an answer.
func TestWrittenTogether(t *testing.T) {
	for _, posts := range []bool{false, true} {
		if _, several := (&control{posts: posts}).sink().(shape.Burst); several == posts {
			t.Errorf("as requests %t: together %t", posts, several)
		}
	}
}
