package ends

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/entity"
	manage "github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/internal/trust"
	"github.com/causeway-relay/causeway/interop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(interop.Exit)) }

// soon is how long the other end may be left in the dark, and the books of a node be wrong: docs/wcf.md says so. All of it takes
// milliseconds on a machine with nothing else to do.
const soon = 5 * time.Second

// stage is a gateway with the stories of one column.
type stage struct {
	*interop.Stand
	t    *testing.T
	gone map[int]bool // nodes that were killed
}

// add makes a relay that plain clients may send to.
func (s *stage) add(name string, kind entity.Kind) {
	s.Add(&entity.Entity{Name: name, Kind: kind, AnonymousSenders: true, Settings: entity.Settings{ResponseTimeout: interop.Patience}})
}

// key is the connection string of all rights at one door.
func (s *stage) key(door string) string {
	return "Endpoint=sb://" + door + "/;SharedAccessKeyName=" + s.Rule + ";SharedAccessKey=" + s.Key
}

// listen runs `causeway listen` beside services, at the node that has the door, until the test ends or it is killed. services are what stands
// behind which relay.
func (s *stage) listen(door string, services map[string]string) *interop.Program {
	s.t.Helper()
	dir, file := s.t.TempDir(), "connectors:\n"
	for relay, target := range services {
		file += fmt.Sprintf("  - {listen: %s, target: %q}\n", relay, target)
	}
	at := filepath.Join(dir, "connectors.yaml")
	interop.WriteFile(s.t, at, []byte(file))
	p := interop.Start(s.t, dir, nil, interop.Command(s.t), "listen", "--config", at, "--connection-string", s.key(door), "--ca-file", s.CA)
	for range services {
		p.Await(`: listening$`)
	}
	return p
}

// busy is how much runs at a node.
type busy struct{ streams, exchanges int }

// times is that of n calls.
func (b busy) times(n int) busy { return busy{n * b.streams, n * b.exchanges} }

// books asks every node that lives what runs there, until all say what is wanted: the sender's node of the first, the other one of the second.
// It may take no longer than until the time given.
func (s *stage) books(what string, sender, other busy, until time.Time) {
	s.t.Helper()
	ctx, stop := context.WithDeadline(s.t.Context(), until)
	defer stop()
	for i, want := range []busy{sender, other}[:s.nodes()] {
		if s.gone[i] {
			continue
		}
		api, err := manage.New(manage.Params{ConnectionString: s.key(s.Cluster.Node(i).Host("https")), Roots: trust.Roots{File: s.CA}})
		if err != nil {
			s.t.Fatal(err)
		}
		s.await(ctx, api, fmt.Sprintf("%s, node %d", what, i+1), want)
		api.Close()
	}
}

func (s *stage) await(ctx context.Context, api *manage.Client, what string, want busy) {
	s.t.Helper()
	for {
		is, err := api.Status(ctx)
		if got := (busy{is.Streams, is.Exchanges}); err == nil && got == want {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			s.t.Fatalf("%s: %d streams and %d exchanges run (%v), want %+v", what, is.Streams, is.Exchanges, err, want)
		}
	}
}

// nodes is how many nodes there were in the beginning.
func (s *stage) nodes() int {
	if s.Listen == s.Send {
		return 1
	}
	return 2
}
