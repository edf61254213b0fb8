package dotnet

import (
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/capture"
)

// Recordings whose answers fit no other run, each with the reason.
var unrepeatable = map[string]string{
	"http-rm10":               "the answers belong to a sequence that the client names anew: see TestReliable",
	"http-rm10-oneway":        "the same",
	"http-rm10-resend":        "the same",
	"http-rm11":               "the same",
	"https-ws-user-sc":        "the answers are signed with a key that both sides make anew",
	"https-ws2007-user-sc":    "the same",
	"https-basic-user-oneway": "the service reset the connection: there is no answer",
}

// TestRewrittenAnswers: every answer that the .NET client got over HTTP from CoreWCF is accepted by the .NET client after it
// was rewritten: all its checks pass as they did when it was recorded.
func TestRewrittenAnswers(t *testing.T) {
	interop.Need(t, "dotnet")
	for _, c := range capture.Load(t, "dotnet") {
		t.Run(c.Name, func(t *testing.T) {
			if why := unrepeatable[c.Name]; why != "" {
				t.Skip("not repeated:", why)
			}
			relay := capture.Replay(t, c.Exchanges)
			srv := httptest.NewUnstartedServer(relay)
			args := strings.Fields(c.Setting("client"))[1:]
			if strings.HasPrefix(c.Name, "https-") {
				srv.StartTLS()
			} else {
				srv.Start()
			}
			defer srv.Close()
			for i := range args[:len(args)-1] {
				switch args[i] {
				case "--address", "--via":
					args[i+1] = moved(t, args[i+1], srv.URL)
				case "--ca":
					args[i+1] = authority(t, srv)
				}
			}
			client := Start(t, "wcf-client", args...)
			client.End(interop.Patience)
			interop.Record(t, interop.Cell{
				Table: "Recorded exchanges of .NET, rewritten", Row: c.Name, Column: "its client took", Code: client.Code(), Note: fmt.Sprint(relay.Count()),
				Command: client.Command(), Output: client.Text(),
			})
			client.Finish(interop.Patience)
			printed := c.Printed()
			if last := printed[len(printed)-1]; !strings.Contains(client.Text(), last) {
				t.Errorf("the client did not say %q:\n%s", last, client.Text())
			}
			if relay.Count() != len(c.Exchanges) {
				t.Errorf("%d of %d answers were asked for", relay.Count(), len(c.Exchanges))
			}
		})
	}
}

// moved gives an address at another host.
func moved(t *testing.T, address, base string) string {
	t.Helper()
	from, err := url.Parse(strings.ReplaceAll(address, "{c}", "CONTRACT"))
	if err != nil {
		t.Fatal(err)
	}
	return base + strings.ReplaceAll(from.Path, "CONTRACT", "{c}")
}

// authority gives a file with the certificate to trust.
func authority(t *testing.T, srv *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(file, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
