package memory_test

import (
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/mesh/memory"
	"github.com/causeway-relay/causeway/gateway/mesh/meshtest"
)

func newNet(_ testing.TB, timing mesh.Timing) meshtest.Net { return memory.NewNet(timing) }

// defaults are those of mesh.Timing.
var defaults = mesh.Timing{
	Beat: 500 * time.Millisecond, Dead: 3 * time.Second, Late: 2 * time.Second, Gather: 2 * time.Millisecond,
	Resend: 250 * time.Millisecond,
}

func TestBusInFakeTime(t *testing.T) {
	meshtest.Bus(t, meshtest.Engine{New: newNet, Fake: true, Timing: defaults})
}

func TestBusInRealTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	meshtest.Bus(t, meshtest.Engine{New: newNet, Timing: mesh.Timing{
		Beat: 50 * time.Millisecond, Dead: 800 * time.Millisecond, Late: 600 * time.Millisecond, Gather: 2 * time.Millisecond,
		Resend: 50 * time.Millisecond,
	}})
}
