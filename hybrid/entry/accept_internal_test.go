package entry

import (
	"testing"

	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/leg"
)

// TestLongest: only who says that he reads frames in parts is given long ones.
func TestLongest(t *testing.T) {
	for agent, want := range map[string]int{
		"": 32 << 10, "Jetty/9.4.57.v20241219": 32 << 10, "like Go-http-client/1.1": 32 << 10,
		"Go-http-client/1.1": 64 << 10, "Go-http-client/2.0": 64 << 10,
	} {
		v := &visit{arrival: &leg.Arrival{Head: &http1.Head{Fields: http1.Fields{{Name: "user-agent", Value: agent}}}}}
		if got := v.longest(); got != want {
			t.Errorf("%q gets frames of %d", agent, got)
		}
	}
}
