package wcfhttp

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/trust"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/dotnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door is host and port of the stand's plain HTTP door: Mono's clients are given addresses of http, as most of the rows have.
func door(s *interop.Stand) string { return s.Cluster.Node(0).Host("http") }

// add makes a relay of kind http that plain clients may send to.
func add(s *interop.Stand, name string, change ...func(*entity.Entity)) {
	e := &entity.Entity{Name: name, Kind: entity.HTTP, AnonymousSenders: true}
	for _, f := range change {
		f(e)
	}
	s.Add(e)
}

// client runs wcf-client to its end and gives what it printed a case, without what differs from run to run.
func client(t *testing.T, args ...string) []string {
	t.Helper()
	return printed(t, dotnet.Start(t, "wcf-client", args...))
}

// printed waits for the end of wcf-client.
func printed(t *testing.T, p *interop.Program) (lines []string) {
	t.Helper()
	p.End(4 * interop.Patience)
	for line := range strings.Lines(p.Text()) {
		if line = masked(line); strings.HasPrefix(line, "ok ") || strings.HasPrefix(line, "FAIL ") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		t.Fatalf("%s printed\n%s", p.Command(), p.Text())
	}
	return lines
}

var (
	anyAddress = regexp.MustCompile(`(https?|wss?)://(127\.0\.0\.1|localhost):[^\s'"]*`)
	anyTime    = regexp.MustCompile(`\d\d:\d\d:\d\d(\.\d+)?`)
)

func masked(line string) string {
	return strings.TrimSpace(anyTime.ReplaceAllString(anyAddress.ReplaceAllString(line, "ADDRESS"), "TIME"))
}

// differ gives what only one of two runs printed.
func differ(direct, relayed []string) (all []string) {
	for _, l := range direct {
		if !slices.Contains(relayed, l) {
			all = append(all, "only direct: "+l)
		}
	}
	for _, l := range relayed {
		if !slices.Contains(direct, l) {
			all = append(all, "only through the gateway: "+l)
		}
	}
	return all
}

// connector listens for a relay and passes what comes to the service at target, until the test ends.
func connector(t testing.TB, s *interop.Stand, name, target string) {
	t.Helper()
	up := make(chan struct{}, 1)
	b := connect.New(connect.Params{
		Tell: func(e connect.Event) {
			if e.Kind == connect.ListenerConnected {
				select {
				case up <- struct{}{}:
				default:
				}
			}
		},
		ConnectionString: "Endpoint=sb://" + s.Listen + "/;SharedAccessKeyName=" + s.Rule + ";SharedAccessKey=" + s.Key,
		Roots:            trust.Roots{File: s.CA},
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		b.Shutdown(ctx)
	})
	if err := b.Apply([]connect.Connector{{Listen: name, Target: target}}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-up:
	case <-time.After(interop.Patience):
		t.Fatalf("nobody listens for %s", name)
	}
}
