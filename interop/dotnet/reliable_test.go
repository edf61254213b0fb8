package dotnet

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/capture"
)

// TestReliable: sessions of WS-ReliableMessaging, whose messages cannot be repeated, pass while every message of both sides
// is rewritten on its way. Where the service forgets messages they are sent again, and rewritten again.
func TestReliable(t *testing.T) {
	interop.Need(t, "dotnet")
	for _, c := range capture.Load(t, "dotnet") {
		if unrepeatable[c.Name] == "" || !strings.HasPrefix(c.Name, "http-rm") {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			port := interop.FreePort(t)
			args := []string{"rm-peer", "--http", port}
			if strings.Contains(c.Name, "resend") {
				args = append(args, "--drop", "2")
			}
			Start(t, "wcf-client", args...).Await(`READY`)
			proxy := capture.NewProxy(t, "http://127.0.0.1:"+port)
			srv := httptest.NewServer(proxy)
			defer srv.Close()
			args = strings.Fields(c.Setting("client"))[1:]
			for i, a := range args {
				if u, err := url.Parse(a); err == nil && u.Scheme == "http" {
					args[i] = srv.URL + u.Path
				}
			}
			client := Start(t, "wcf-client", args...)
			client.End(interop.Patience)
			interop.Record(t, interop.Cell{
				Table: "Recorded exchanges of .NET, rewritten", Row: c.Name, Column: "live, both sides", Code: client.Code(), Note: fmt.Sprint(proxy.Count()),
				Command: client.Command(), Output: client.Text(),
			})
			client.Finish(interop.Patience)
			printed := c.Printed()
			client.Await(`^` + printed[len(printed)-1] + `$`)
			if want := 2 * len(c.Exchanges) * 2 / 3; proxy.Count() < want { // acks of one-way messages may come together
				t.Errorf("%d messages were rewritten, want %d or more", proxy.Count(), want)
			}
		})
	}
}
