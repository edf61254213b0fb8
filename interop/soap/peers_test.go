package soap_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/soap/desk"
	"github.com/causeway-relay/causeway/interop/soap/peers"
)

// operations that each client must have called, as the service notes them.
var operations = []string{"Echo ", "Add ", "Submit ", "Blob ", "Store ", "fault sender ", "fault receiver ", "fault typed ", "Whoami ", "Notify "}

// TestPeersCallUs: the client of each stack calls our service in each form, and finds every value, header and fault right;
// so does the service with what it gets.
func TestPeersCallUs(t *testing.T) {
	for _, p := range peers.All() {
		for _, form := range peers.Forms {
			if !p.HasClient() {
				continue
			}
			t.Run(p.Name+"/"+form.String(), func(t *testing.T) {
				interop.Need(t, p.Part)
				s := desk.Serve(t)
				client := p.Client(t, s.URL+desk.Path(form.Version, form.MTOM), form)
				client.End(interop.Patience)
				hole, note := p.ClientHoles[form], ""
				if form.MTOM && !s.Seen("Store "+form.String()) {
					note = "reads" // and writes text
				}
				interop.Record(t, interop.Cell{
					Table: "Clients of others at our service", Row: p.Name, Column: form.String(),
					Code: client.Code(), Note: note, Command: client.Command(), Output: client.Text(), Reason: hole,
				})
				if hole != "" {
					if client.Code() == 0 {
						t.Errorf("it can do now what it could not: %s", hole)
					}
					return
				}
				if client.Code() != 0 || !strings.HasSuffix(strings.TrimSpace(client.Text()), "\ndone") {
					t.Fatalf("exit code %d", client.Code())
				}
				for _, op := range operations {
					if what := op + form.Version.String(); !s.Seen(what) && !s.Seen(what+" MTOM") {
						t.Errorf("the service did not see %q", what)
					}
				}
			})
		}
	}
}

// TestWeCallPeers: our client calls the server of each stack that has one, in each form, with the same story.
func TestWeCallPeers(t *testing.T) {
	for _, p := range peers.All() {
		for _, form := range peers.Forms {
			if !p.HasServer() {
				continue
			}
			t.Run(p.Name+"/"+form.String(), func(t *testing.T) {
				interop.Need(t, p.Part)
				address, server := p.Server(t, form)
				client := desk.Client{URL: address, Version: form.Version, MTOM: form.MTOM}
				var wrong []string
				client.Story(t.Context(), func(step string, err error) {
					if err != nil {
						wrong = append(wrong, fmt.Sprintf("%s: %v", step, err))
					}
				})
				hole := p.ServerHoles[form]
				cell := interop.Cell{Table: "Our client at servers of others", Row: p.Name, Column: form.String(), Command: server.Command(), Reason: hole}
				if len(wrong) > 0 {
					cell.Code, cell.Output = 1, wrong[0]
				}
				interop.Record(t, cell)
				if hole != "" {
					if len(wrong) == 0 {
						t.Errorf("it can do now what it could not: %s", hole)
					}
					return
				}
				for _, w := range wrong {
					t.Error(w)
				}
				server.Await(`notified$`)
			})
		}
	}
}
