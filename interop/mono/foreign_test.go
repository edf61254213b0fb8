package mono

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/capture"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// same are the bindings of the .NET client that Mono has, with Mono's name. UTF-16 is not among them: Mono's service wants another
// spelling of its content type.
var same = map[string]string{
	"basichttp": "basic", "basichttp-streamed": "basic-streamed", "soap12": "soap12", "soap11-wsa10": "soap11-wsa10",
	"wshttp": "ws", "ws2007http": "ws2007", "nethttp": "http-binary",
}

// strange are requests that Mono answers in a way of its own.
var strange = regexp.MustCompile(`Unknown|must-understand|urn:none|/IEcho/Missing|<kind>`)

// TestRewrittenRequestsOfDotNet: what the .NET client sent to CoreWCF, rewritten, is taken by Mono's service as well, and
// calls that went well there give the same values here.
func TestRewrittenRequestsOfDotNet(t *testing.T) {
	interop.Need(t, "mono")
	services, count, equal := newServices(t), 0, 0
	for _, c := range capture.Load(t, "dotnet") {
		args := strings.Fields(c.Setting("client"))
		binding := same[args[2]]
		for _, ex := range c.Exchanges {
			if !ex.Request.IsSOAP() {
				continue
			}
			if binding == "" || strings.Contains(c.Name, "contenttype") || strings.Contains(c.Name, "destination") {
				ex.Request.Relayed(t, "", "") // there is no service for it here: it is read and rewritten all the same
				continue
			}
			count++
			contract := "echo"
			for _, other := range []string{"stream", "untyped"} {
				if strings.Contains(ex.Request.Path, "/"+other) {
					contract = other
				}
			}
			got := services.send(t, binding, contract, &ex.Request)
			if ex.Answer.Status != http.StatusOK || !ex.Answer.IsSOAP() || strange.Match(ex.Request.Body) {
				continue // faults and one-way calls look different in the two
			}
			equal++
			if got.Status != http.StatusOK {
				t.Errorf("%s: status %d: %s", c.Name, got.Status, got.Body)
			} else if now, then := values(t, &got), values(t, &ex.Answer); now != then {
				t.Errorf("%s: Mono answers\n%s\nCoreWCF answered\n%s", c.Name, now, then)
			}
		}
	}
	if count < 50 || equal < 20 {
		t.Errorf("%d requests, %d with the same values", count, equal)
	}
	t.Logf("%d requests, %d with the same values", count, equal)
}

// values gives local names and texts of a body.
func values(t *testing.T, m *capture.Message) string {
	t.Helper()
	var out strings.Builder
	r, err := m.Decode(t).Body()
	if err != nil {
		t.Fatal(err)
	}
	for {
		tok, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return out.String()
		case err != nil:
			t.Fatal(err)
		case tok.Kind == infoset.StartElement:
			out.WriteString("<" + tok.Name.Local + ">")
		case tok.Kind == infoset.Text:
			out.WriteString(tok.Value.String())
		}
	}
}
