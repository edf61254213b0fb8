package nettcp

import (
	"errors"
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
		services, clients := mono.Start(t), mono.Start(t)
		listen := "127.0.0.1:" + interop.FreePort(t)
		expose(t, s, "tapped", listen)
		address := "net.tcp://" + door(s) + "/tapped"
		services.ServiceAt("tcp", "echo", address, "net.tcp://"+listen+"/tapped")
		for _, node := range []string{s.Listen, s.Send} {
			api, err := manage.New(manage.Params{ConnectionString: "Endpoint=sb://" + node + "/;SharedAccessKeyName=" + s.Rule + ";SharedAccessKey=" + s.Key, Roots: trust.Roots{File: s.CA}})
			if err != nil {
				t.Fatal(err)
			}
			defer api.Close()
			actions, text := tapped(t, api, func() {
				if lines := clients.Client("tcp", "echo", address, "echo,add"); len(lines) < 2 || strings.Contains(strings.Join(lines, ""), "FAILED") {
					t.Errorf("%q", lines)
				}
			})
			for _, want := range []string{"Echo", "EchoResponse", "Add", "AddResponse"} {
				if !slices.ContainsFunc(actions, func(a string) bool { return strings.HasSuffix(a, "/"+want) }) {
					t.Errorf("no action %s in %q", want, actions)
				}
			}
			if !strings.Contains(text, "net.tcp://"+door(s)+"/tapped") {
				t.Errorf("the address is not in %s", text)
			}
		}
	})
}

// tapped looks while work is done and gives the actions of all messages, and their text.
func tapped(t *testing.T, api *manage.Client, work func()) (actions []string, text string) {
	t.Helper()
	var in, out inspect.Follower
	var working sync.WaitGroup
	defer working.Wait()
	err := api.Tap(t.Context(), "tapped", 64<<10, func() { working.Go(work) }, func(r *wire.Seen) error {
		side := &in
		switch {
		case r.Event == "end":
			return errOver
		case r.Event == "notice":
			t.Error(r.Text)
			return nil
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
	if !errors.Is(err, errOver) {
		t.Error(err)
	}
	return actions, text
}
