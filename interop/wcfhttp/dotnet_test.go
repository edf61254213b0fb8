package wcfhttp

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/dotnet"
	"github.com/causeway-relay/causeway/interop/mono"
)

// walled lets in nobody of this machine.
var walled = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}

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
	for binding, of := range map[string]string{"basichttp": "basic", "wshttp": "ws", "nethttp": "http-binary"} {
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
			cell := interop.Cell{Table: ".NET's client at Mono's service over HTTP, through the gateway", Row: binding, Column: columnOf(t)}
			for _, wrong := range differ(direct, relayed) {
				t.Errorf("%s: %s", binding, wrong)
				cell.Code, cell.Output = 1, wrong
			}
			interop.Record(t, cell)
		})
	}
}

// TestDotNetReactions: what the .NET client raises for each way of the gateway to say no, in both versions of SOAP and in binary.
func TestDotNetReactions(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet")
	quick := testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Response = time.Second })
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		failures(t, s)
		for _, row := range []struct{ path, raises string }{
			{"nowhere", "EndpointNotFoundException"},
			{"silent", "EndpointNotFoundException"},
			{"key", "MessageSecurityException"},
			{"walled", "MessageSecurityException"},
			{"slow", "TimeoutException"},
		} {
			bindings := []string{"basichttp", "wshttp", "nethttp"}
			if columnOf(t) == "two nodes" {
				bindings = bindings[1:2] // the table is the same; what another node says is what counts
			}
			for _, binding := range bindings {
				raised(t, row.raises, "--binding", binding, "--address", "http://"+door(s)+"/"+row.path)
			}
		}
	}, quick)
}

// raised runs the case echo, which has to raise an exception.
func raised(t *testing.T, exception string, args ...string) {
	t.Helper()
	p := dotnet.Start(t, "wcf-client", append(args, "--only", "echo", "--expect", "echo="+exception)...)
	p.End(2 * interop.Patience)
	code := p.Code()
	if code != 0 {
		t.Errorf("%v: %s", args, p.Text())
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
		for _, binding := range []string{"basichttps-auth", "basichttps-user"} {
			to := []string{"--binding", binding, "--address", "https://" + s.Send + "/calc", "--ca", s.CA, "--user", "clerk"}
			if got := client(t, append(to, "--password", string(rule.Primary), "--only", "echo,add,submit")...); len(got) != 3 || got[0][:3] != "ok " {
				t.Errorf("%s with the key: %q", binding, got)
			}
			raised(t, "MessageSecurityException", append(to, "--password", "wrong")...)
		}
	})
}
