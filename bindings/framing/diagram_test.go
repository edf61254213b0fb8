package framing

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/framing.md anew")

const diagramHead = "# .NET message framing: who may say what when\n\n" +
	"<!-- Generated from the table in bindings/framing by go generate ./bindings/framing. Do not edit. -->\n\n" +
	"Both roles from one table. A row: in that state, that side may send that record, in these modes (1 streamed, 2 duplex, 3 simplex, 4 sized)\n" +
	"while the other side is in one of those states. Then it is in the next state; the last column says where the record takes the other side.\n\n"

// page is the table for readers: a diagram of each role, then every rule.
func page() string {
	var out strings.Builder
	out.WriteString(diagramHead)
	for _, who := range []Role{Client, Server} {
		fmt.Fprintf(&out, "## The %s\n\n```mermaid\nstateDiagram-v2\n", who)
		for _, r := range rules {
			if r.who == who {
				fmt.Fprintf(&out, "  %s --> %s: %s\n", r.in, r.to, r.kind)
			}
			if r.who != who && r.peerTo != stays {
				for _, from := range r.peer.states() {
					fmt.Fprintf(&out, "  %s --> %s: %s of the %s\n", from, r.peerTo, r.kind, r.who)
				}
			}
		}
		out.WriteString("```\n\n")
	}
	out.WriteString("## Every rule\n\n| side | in | record | modes | while the other is | then | the other then |\n|---|---|---|---|---|---|---|\n")
	for _, r := range rules {
		other := ""
		if r.peerTo != stays {
			other = r.peerTo.String()
		}
		var peers []string
		for _, s := range r.peer.states() {
			peers = append(peers, s.String())
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s | %s |\n", r.who, r.in, r.kind, r.modes, strings.Join(peers, ", "), r.to, other)
	}
	return out.String()
}

// states are the states of a set.
func (s set) states() (list []State) {
	for state := range State(states) {
		if s&(1<<state) != 0 {
			list = append(list, state)
		}
	}
	return list
}

// String names the modes.
func (m modes) String() string {
	if m == always {
		return "all"
	}
	var list []string
	for mode := SingletonUnsized; mode <= SingletonSized; mode++ {
		if m&(1<<mode) != 0 {
			list = append(list, fmt.Sprint(int(mode)))
		}
	}
	return strings.Join(list, ", ")
}

// TestDiagram: docs/framing.md shows the table as it is.
func TestDiagram(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "framing.md")
	if *update {
		if err := os.WriteFile(file, []byte(page()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != page() {
		t.Errorf("docs/framing.md is stale; run go generate ./bindings/framing (%v)", err)
	}
}

// TestTableIsWhole: no rule hides another one, and every state can be come to.
func TestTableIsWhole(t *testing.T) {
	type place struct {
		who  Role
		in   State
		kind Kind
	}
	seen, reached := map[place]bool{}, map[State]bool{Start: true, Silent: true}
	for _, r := range rules {
		at := place{r.who, r.in, r.kind}
		if seen[at] {
			t.Errorf("two rules for the %s's %s in %s", r.who, r.kind, r.in)
		}
		seen[at], reached[r.to] = true, true
		if r.peerTo != stays {
			reached[r.peerTo] = true
		}
	}
	for s := range State(states) {
		if !reached[s] {
			t.Errorf("nothing leads to %s", s)
		}
	}
}
