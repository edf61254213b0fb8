package nettcp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	manage "github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/internal/trust"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
	"github.com/causeway-relay/causeway/soap/inspect"
)

// errOver ends a tap that has seen a connection's end.
var errOver = errors.New("the connection is over")

// TestTapMono: who looks, at whichever node, reads the actions and values of Mono's binary messages in both directions.
func TestTapMono(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		clients := mono.Start(t)
		for i, node := range []string{s.Listen, s.Send} {
			services, name, listen := mono.Start(t), fmt.Sprintf("tapped%d", i), "127.0.0.1:"+interop.FreePort(t)
			expose(t, s, name, listen)
			address := "net.tcp://" + door(s) + "/" + name
			services.ServiceAt("tcp", "echo", address, "net.tcp://"+listen+"/"+name)
			api, err := manage.New(manage.Params{ConnectionString: "Endpoint=sb://" + node + "/;SharedAccessKeyName=" + s.Rule + ";SharedAccessKey=" + s.Key, Roots: trust.Roots{File: s.CA}})
			if err != nil {
				t.Fatal(err)
			}
			defer api.Close()
			actions, text := tapped(t, api, name, func() {
				if lines := clients.Client("tcp", "echo", address, "echo,add"); len(lines) < 2 || strings.Contains(strings.Join(lines, ""), "FAILED") {
					t.Errorf("%q", lines)
				}
			})
			for _, want := range []string{"Echo", "EchoResponse", "Add", "AddResponse"} {
				if !slices.ContainsFunc(actions, func(a string) bool { return strings.HasSuffix(a, "/"+want) }) {
					t.Errorf("no action %s in %q", want, actions)
				}
			}
			if !strings.Contains(text, address) {
				t.Errorf("the address is not in %s", text)
			}
		}
	})
}

// tapped looks at a relay while work is done, which is at most one connection, and gives the actions of all its messages, and their
// text. The work is done by the test's own goroutine, which alone may end the test.
func tapped(t *testing.T, api *manage.Client, name string, work func()) (actions []string, text string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 2*interop.Patience)
	var looking sync.WaitGroup
	defer looking.Wait()
	defer stop()
	var in, out inspect.Follower
	began, over := make(chan struct{}), make(chan error, 1)
	looking.Go(func() {
		over <- api.Tap(ctx, name, 64<<10, func() { close(began) }, func(r *wire.Seen) error {
			side := &in
			switch {
			case r.Event == "end":
				return errOver
			case r.Event == "notice":
				return errors.New(r.Text)
			case r.Event != "data":
				return nil
			case r.Dir == "out":
				side = &out
			}
			report, err := side.Add(r.Data)
			for i := range report.Messages {
				actions = append(actions, report.Messages[i].Summary.Action)
				text += report.Messages[i].XML
			}
			return err
		})
	})
	select {
	case <-began:
		work()
	case err := <-over:
		t.Fatalf("the tap ended before it began: %v", err)
	}
	if err := <-over; !errors.Is(err, errOver) {
		t.Error(err)
	}
	return actions, text
}
