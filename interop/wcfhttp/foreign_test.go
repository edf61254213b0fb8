package wcfhttp

import (
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
	"github.com/causeway-relay/causeway/interop/soap/peers"
)

// monoForms are the forms that Mono and the stacks of others have in common, with Mono's bindings: MTOM it reads only, and the
// service dies of it. Not all stacks take the byte order mark that its client writes unless told not to.
var monoForms = []struct {
	form            peers.Form
	service, client string
}{{peers.Forms[0], "basic", "basic"}, {peers.Forms[1], "soap12", "soap12-nobom"}}

// deskSteps are the story of Mono's client at a desk.
const deskSteps = "desk-words,desk-empty,desk-nil,desk-add,desk-submit,desk-blob,desk-store,desk-whoami,desk-sender,desk-receiver,desk-typed,desk-notify"

// meeting is one pair of programs in one form, and what the programs that judge said of it so far.
type meeting struct {
	table, row, form, hole string
	direct                 []string // the lines of the run without a gateway
	good                   bool     // of the direct run
}

// judge records the run of a program that went directly, or through the gateway, and compares the second with the first: the exit
// code, and every line.
func (m *meeting) judge(t *testing.T, how string, p *interop.Program) {
	t.Helper()
	p.End(2 * interop.Patience)
	interop.Record(t, interop.Cell{
		Table: m.table, Row: m.row, Column: m.form + ", " + how, Code: p.Code(), Command: p.Command(), Output: reason(p.Text()), Reason: m.hole,
	})
	var lines []string
	for line := range strings.Lines(p.Text()) {
		lines = append(lines, masked(line))
	}
	switch {
	case how == "direct":
		m.direct, m.good = lines, p.Code() == 0
		if m.hole == "" && !m.good {
			t.Errorf("%s, %s, direct: exit code %d\n%s", m.row, m.form, p.Code(), p.Text())
		} else if m.hole != "" && m.good {
			t.Errorf("%s, %s: it can do now what it could not: %s", m.row, m.form, m.hole)
		}
	case m.good != (p.Code() == 0):
		t.Errorf("%s, %s, %s: exit code %d\n%s", m.row, m.form, how, p.Code(), p.Text())
	default:
		for _, wrong := range differ(m.direct, lines) {
			t.Errorf("%s, %s, %s: %s", m.row, m.form, how, wrong)
		}
	}
}

// reason gives the last line that says what went wrong, or all: what closes a channel, or ends a trace, says less.
func reason(text string) string {
	found := text
	for line := range strings.Lines(text) {
		if strings.Contains(line, "FAILED") || strings.Contains(line, "Error: ") {
			found = line
		}
	}
	return found
}

// played says which forms a story of OnNodes plays: all on one node. Another node between is the same for each, so that one is enough.
func played(t *testing.T, form int) bool {
	t.Helper()
	return form == 0 || columnOf(t) == "one node"
}

// TestPeersAtMono: the client of each stack calls Mono's service, directly and through the gateway, and says the same of both.
func TestPeersAtMono(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	const table = "Clients of others at Mono's service over HTTP"
	services := mono.Start(t)
	var at []string
	for _, f := range monoForms {
		at = append(at, services.Service(f.service, "desk"))
	}
	var all []*meeting
	for _, p := range peers.All() {
		for i, f := range monoForms {
			m := &meeting{table: table, row: p.Name, form: f.form.String(), hole: p.WithMonoService[f.form]}
			all = append(all, m)
			if !p.HasClient() {
				continue
			}
			t.Run(p.Name+"/"+f.form.String(), func(t *testing.T) {
				interop.Need(t, p.Part)
				m.judge(t, "direct", p.Client(t, at[i], f.form))
				m.heard(services)
			})
		}
	}
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for i, f := range monoForms {
			if !played(t, i) {
				continue
			}
			name := "desk-" + f.service
			add(s, name)
			connector(t, s, name, at[i])
			for n, p := range peers.All() {
				if m := all[n*len(monoForms)+i]; m.direct != nil {
					m.judge(t, columnOf(t), p.Client(t, "http://"+door(s)+"/"+name, f.form))
					m.heard(services)
				}
			}
		}
	})
	onlyOne(t, table, "client", (*peers.Peer).HasClient)
}

// heard waits until the service says that the one-way call came, the last of a story. A stack that fails has told why.
func (m *meeting) heard(services *mono.Host) {
	if m.good {
		services.Await(`^notified$`)
	}
}

// TestMonoAtPeers: Mono's client calls the service of each stack that has one, directly and through the gateway, and says the same of
// both.
func TestMonoAtPeers(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	const table = "Mono's client at services of others over HTTP"
	type place struct {
		meeting
		peer, address, binding string
		server                 *interop.Program
		form                   int
	}
	var all []*place
	for _, p := range peers.All() {
		for i, f := range monoForms {
			if !p.HasServer() || !has(t, p.Part) {
				continue
			}
			l := &place{peer: p.Name, binding: f.client, form: i}
			l.meeting = meeting{table: table, row: p.Name, form: f.form.String(), hole: p.WithMonoClient[f.form]}
			l.address, l.server = p.Server(t, f.form)
			all = append(all, l)
			l.judge(t, "direct", mono.Call(t, l.binding, "desk", l.address, deskSteps))
			l.server.Await(`notified$`)
		}
	}
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for _, l := range all {
			if !played(t, l.form) {
				continue
			}
			name := strings.ToLower(strings.NewReplacer(" ", "", ":", "").Replace(l.peer)) + "-" + l.binding
			add(s, name)
			connector(t, s, name, strings.TrimSuffix(l.address, "/"))
			l.judge(t, columnOf(t), mono.Call(t, l.binding, "desk", "http://"+door(s)+"/"+name+"/", deskSteps))
			l.server.Await(`notified$`)
		}
	})
	onlyOne(t, table, "service", (*peers.Peer).HasServer)
}

// has is Need for one of many stacks: the others are not skipped with it.
func has(t *testing.T, part string) (there bool) {
	t.Helper()
	t.Run("needs "+part, func(t *testing.T) {
		interop.Need(t, part)
		there = true
	})
	return there
}

// onlyOne records of the stacks without that side that they have the other one only.
func onlyOne(t *testing.T, table, side string, has func(*peers.Peer) bool) {
	t.Helper()
	other := map[string]string{"client": "service only", "service": "client only"}[side]
	for _, p := range peers.All() {
		if !has(p) {
			for _, f := range monoForms {
				interop.Record(t, interop.Cell{Table: table, Row: p.Name, Column: f.form.String() + ", direct", Note: other})
			}
		}
	}
}
