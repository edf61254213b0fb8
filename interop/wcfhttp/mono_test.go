package wcfhttp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// exact are the bindings whose messages have a To that Mono's service compares with its own address: there it has the relay's. The
// others it finds by what HTTP asks for, so there it has its own, which the connector asks for.
var exact = map[string]bool{
	"soap11-wsa10": true, "soap12-wsa10": true, "ws": true, "ws2007": true, "ws-rm": true, "http-binary": true,
}

// TestMonoRows plays the HTTP rows of Mono's truth table directly and through the gateway: row by row they are the same.
func TestMonoRows(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	clients := mono.Start(t)
	direct := rows(t, clients, func(r mono.Row, services *mono.Host, _ string) string {
		return services.Service(r.Binding, r.Contract)
	})
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		relayed := rows(t, clients, func(r mono.Row, services *mono.Host, name string) string {
			listen, address := "http://127.0.0.1:"+interop.FreePort(t)+"/svc", "http://"+door(s)+"/"+name
			own := listen
			if exact[r.Binding] {
				own = address
			}
			services.ServiceAt(r.Binding, r.Contract, own, listen)
			add(s, name)
			connector(t, s, name, listen)
			return address
		})
		good := map[string]int{}
		for i, r := range mono.HTTP {
			code, output := 0, ""
			for n, want := range direct[i] {
				if n >= len(relayed[i]) || relayed[i][n] != want {
					code, output = 1, fmt.Sprintf("%q", relayed[i])
					t.Errorf("%s\ndirect:  %q\nthrough: %q", r.Binding, direct[i], relayed[i])
					break
				}
				good[r.Binding]++
			}
			interop.Record(t, interop.Cell{
				Table: "Mono's client at Mono's service over HTTP, through the gateway", Row: fmt.Sprintf("%s, %s, row %d", r.Binding, r.Contract, i+1),
				Column: columnOf(t), Code: code, Note: fmt.Sprint(len(direct[i])), Output: output,
				Command: fmt.Sprintf("mono peer.exe call %s %s ADDRESS %s", r.Binding, r.Contract, r.Steps),
			})
		}
		if good["basic"] < 10 || good["ws"] < 5 || good["web"] < 4 {
			t.Errorf("only %v steps are the same", good)
		}
	})
}

// columnOf is the table's column of a story of OnNodes.
func columnOf(t *testing.T) string {
	return strings.ReplaceAll(t.Name()[strings.LastIndexByte(t.Name(), '/')+1:], "_", " ")
}

// rows plays every row; at opens the service and says where its clients reach it.
func rows(t *testing.T, clients *mono.Host, at func(r mono.Row, services *mono.Host, name string) string) (all [][]string) {
	t.Helper()
	services, addresses := mono.Start(t), map[string]string{}
	for _, r := range mono.HTTP {
		name := r.Binding + "-" + r.Contract
		if addresses[name] == "" {
			addresses[name] = at(r, services, name)
		}
		lines := clients.Client(r.Binding, r.Contract, addresses[name], r.Steps)
		for i, l := range lines {
			lines[i] = masked(l)
		}
		all = append(all, lines)
	}
	return all
}
