package wcfhttp

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/soap/desk"
)

// TestZeepReadsMetadata: zeep makes a client of the relay's ?singleWsdl, and what it calls then is the relay: the service's own address,
// which it wrote into its description, is nowhere in it.
func TestZeepReadsMetadata(t *testing.T) {
	t.Parallel()
	interop.Need(t, "zeep")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		service := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			out.Header().Set("Content-Type", "text/xml; charset=utf-8")
			_, _ = io.WriteString(out, desk.WSDL("http://"+r.Host+"/Services/Desk.svc", "http://"+r.Host+"/Services/Desk.svc"))
		}))
		t.Cleanup(service.Close)
		add(s, "desk")
		connector(t, s, "desk", service.URL+"/Services/Desk.svc")
		const script = `import sys, zeep
c = zeep.Client(sys.argv[1])
for service in c.wsdl.services.values():
    for port in service.ports.values():
        print("PORT", port.binding_options["address"], len(port.binding._operations))
print("done")`
		p := interop.Start(t, t.TempDir(), nil, interop.Python(t, "zeep"), "-c", script, "http://"+door(s)+"/desk?singleWsdl")
		p.End(2 * interop.Patience)
		interop.Record(t, interop.Cell{
			Table: "Clients made of the relay's metadata", Row: "zeep, ?singleWsdl", Column: columnOf(t), Code: p.Code(), Command: "zeep.Client(" + door(s) + "/desk?singleWsdl)", Output: p.Text(),
		})
		p.Finish(interop.Patience)
		if text := p.Text(); !strings.Contains(text, "PORT http://"+door(s)+"/desk ") || strings.Contains(text, "Desk.svc") || strings.Contains(text, " 0\n") {
			t.Errorf("zeep read\n%s", text)
		}
	})
}
