package wcfhttp

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/dotnet"
	"github.com/causeway-relay/causeway/interop/mono"
)

// hang listens for a relay with a service that never answers.
func hang(t *testing.T, s *interop.Stand, name string) {
	t.Helper()
	over, end := context.WithCancel(context.Background())
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-over.Done():
		}
	}))
	t.Cleanup(func() {
		end()
		service.Close()
	})
	connector(t, s, name, service.URL)
}

// TestDotNetAtMono: the .NET client at Mono's service: what each case prints directly it prints through the gateway.
func TestDotNetAtMono(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet", "mono")
	services := mono.Start(t)
	const cases = "echo,echo-unicode,echo-empty,echo-null,add,ping,notify,submit,blob-2000,many,fault-typed,missing"
	for _, pair := range [][2]string{{"basichttp", "basic"}, {"wshttp", "ws"}, {"nethttp", "http-binary"}} {
		t.Run(pair[0], func(t *testing.T) { atMono(t, services, pair[0], pair[1], cases) })
	}
}

// atMono plays the cases of a binding at Mono's service of the binding that it is there.
func atMono(t *testing.T, services *mono.Host, binding, of, cases string) {
	t.Helper()
	direct := client(t, "--binding", binding, "--address", services.Service(of, "echo"), "--only", cases)
	slices.Sort(direct)
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		listen, address := "http://127.0.0.1:"+interop.FreePort(t)+"/svc", "http://"+door(s)+"/calc"
		own := listen
		if exact[of] {
			own = address
		}
		services.ServiceAt(of, "echo", own, listen)
		add(s, "calc")
		connector(t, s, "calc", listen)
		relayed := client(t, "--binding", binding, "--address", address, "--only", cases)
		cell := interop.Cell{Table: ".NET's client at Mono's service over HTTP, through the gateway", Row: binding, Column: columnOf(t), Command: "wcf-client --binding " + binding + " --address " + address + " --only " + cases}
		for _, wrong := range differ(direct, relayed) {
			t.Errorf("%s: %s", binding, wrong)
			cell.Code, cell.Output = 1, wrong
		}
		interop.Record(t, cell)
	})
}

// keyed runs wcf-client with a rule's name and a key, and records how it went; say is what stands in the cell.
func keyed(t *testing.T, row, say string, args ...string) {
	t.Helper()
	p := dotnet.Start(t, "wcf-client", args...)
	p.End(2 * interop.Patience)
	interop.Record(t, interop.Cell{
		Table: ".NET's client with name and key of a rule, over TLS", Row: row, Column: columnOf(t), Code: p.Code(), Note: say,
		Command: p.Command(), Output: reason(p.Text()),
	})
	if p.Code() != 0 {
		t.Errorf("%s: %s", row, p.Text())
	}
}

// TestDotNetKey: the .NET client with the name and key of a rule as HTTP Basic over TLS, and as UsernameToken, is let in; with another key
// it is not. The service sees neither.
func TestDotNetKey(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet", "mono")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		rule := entity.NewRule("clerk", entity.Send)
		add(s, "calc", func(e *entity.Entity) { e.AnonymousSenders, e.Rules = false, []entity.Rule{rule} })
		listen := "http://127.0.0.1:" + interop.FreePort(t) + "/svc"
		mono.Start(t).ServiceAt("basic", "echo", listen, listen)
		connector(t, s, "calc", listen)
		for _, way := range [][2]string{{"basichttps-auth", "HTTP Basic"}, {"basichttps-user", "UsernameToken"}} {
			binding, shown := way[0], way[1]
			to := []string{"--binding", binding, "--address", "https://" + s.Send + "/calc", "--ca", s.CA, "--user", "clerk"}
			keyed(t, shown, "let in", append(to, "--password", string(rule.Primary), "--only", "echo,add,submit")...)
			keyed(t, shown+" with a wrong key", noRight, append(to, "--password", "wrong", "--only", "echo", "--expect", "echo="+noRight)...)
		}
	})
}
