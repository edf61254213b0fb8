package wcfhttp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/soap/desk"
	"github.com/causeway-relay/causeway/interop/soap/peers"
)

// TestPeers: the client of each SOAP stack calls a service through the gateway, and a client of ours the service of each that has one, in
// SOAP 1.1; what they say is right or wrong as it is without the gateway.
func TestPeers(t *testing.T) {
	t.Parallel()
	form := peers.Forms[0]
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for _, p := range peers.All() {
			t.Run(strings.ReplaceAll(p.Name, " ", "-"), func(t *testing.T) {
				interop.Need(t, p.Part)
				where := strings.ReplaceAll(strings.Split(t.Name(), "/")[1], "_", " ")
				name := "svc-" + strings.ToLower(strings.NewReplacer(" ", "", ":", "").Replace(p.Name))
				if !p.HasClient() {
					behind(t, s, p, form, where, name+"-served")
					return
				}
				service := desk.Serve(t)
				add(s, name)
				connector(t, s, name, service.URL+desk.Path(form.Version, form.MTOM))
				client := p.Client(t, "http://"+door(s)+"/"+name, form)
				client.End(2 * interop.Patience)
				interop.Record(t, interop.Cell{
					Table: "Clients of others at a service behind the gateway", Row: p.Name, Column: where,
					Code: client.Code(), Command: client.Command(), Output: client.Text(),
				})
				if client.Code() != 0 || !strings.HasSuffix(strings.TrimSpace(client.Text()), "\ndone") {
					t.Errorf("exit code %d:\n%s", client.Code(), client.Text())
				}
				if p.HasServer() {
					behind(t, s, p, form, where, name+"-served")
				}
			})
		}
	})
}

// behind calls the server of a stack through the gateway.
func behind(t *testing.T, s *interop.Stand, p *peers.Peer, form peers.Form, where, name string) {
	t.Helper()
	address, server := p.Server(t, form)
	add(s, name)
	connector(t, s, name, strings.TrimSuffix(address, "/"))
	client := desk.Client{URL: "http://" + door(s) + "/" + name + "/", Version: form.Version, MTOM: form.MTOM}
	var wrong []string
	client.Story(t.Context(), func(step string, err error) {
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %v", step, err))
		}
	})
	cell := interop.Cell{Table: "Services of others behind the gateway", Row: p.Name, Column: where, Command: server.Command()}
	if len(wrong) > 0 {
		cell.Code, cell.Output = 1, wrong[0]
		t.Errorf("%q", wrong)
	}
	interop.Record(t, cell)
}
