package infoset

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestTransitions walks the whole table: every event in every state.
func TestTransitions(t *testing.T) {
	reach := map[state]func(m *Machine){
		prolog:  func(*Machine) {},
		tag:     func(m *Machine) { m.Start(&Name{Local: "a"}) },
		content: func(m *Machine) { m.Start(&Name{Local: "a"}); m.Text(false) },
		epilog:  func(m *Machine) { m.Start(&Name{Local: "a"}); m.End() },
		done:    func(m *Machine) { m.Start(&Name{Local: "a"}); m.End(); m.EOF() },
	}
	send := map[event]func(m *Machine) Reason{
		evStart:   func(m *Machine) Reason { return m.Start(&Name{Local: "b"}) },
		evAttr:    func(m *Machine) Reason { return m.Attr() },
		evText:    func(m *Machine) Reason { return m.Text(false) },
		evSpace:   func(m *Machine) Reason { return m.Text(true) },
		evComment: func(m *Machine) Reason { return m.Comment() },
		evEnd:     func(m *Machine) Reason { return m.End() },
		evEOF:     func(m *Machine) Reason { return m.EOF() },
	}
	if len(reach) != len(transitions) || len(send) != int(events) {
		t.Fatal("table and test do not fit")
	}
	// What each state takes, as the comment of Writer and the package say it.
	allowed := map[state]string{prolog: "start space comment", tag: "start attr text space comment end", content: "start text space comment end", epilog: "space comment eof", done: "eof"}
	words := [...]string{"start", "attr", "text", "space", "comment", "end", "eof"}
	for s, go2 := range reach {
		for e, f := range send {
			var m Machine
			m.Reset(10)
			go2(&m)
			if m.at != s {
				t.Fatalf("state %d is not reached but %d", s, m.at)
			}
			why := f(&m)
			want := strings.Contains(" "+allowed[s]+" ", " "+words[e]+" ")
			if (why == 0) != want {
				t.Errorf("%s in state %d: %v, want allowed %v", words[e], s, why, want)
			}
			if why != 0 && (m.at != s || !strings.Contains(m.Complaint(), complaints[s])) {
				t.Errorf("%s in state %d: state is then %d, complaint %q", words[e], s, m.at, m.Complaint())
			}
		}
	}
}

func TestMachineDepth(t *testing.T) {
	var m Machine
	m.Reset(2)
	if m.Start(&Name{Local: "a"}) != 0 || m.Start(&Name{Local: "b"}) != 0 || m.Start(&Name{Local: "c"}) != Quota {
		t.Errorf("depth is %d with a quota of 2", m.Depth())
	}
	if m.Path() != "/a/b" {
		t.Errorf("path %q", m.Path())
	}
}

func TestPathIsBounded(t *testing.T) {
	var m Machine
	m.Reset(Unlimited)
	for i := range 100_000 {
		m.Start(&Name{Prefix: "p", Local: strings.Repeat("n", 1000) + fmt.Sprint(i)})
	}
	if p := m.Path(); len(p) > 3000 || !strings.Contains(p, "/.../") {
		t.Errorf("path has %d bytes", len(p))
	}
}

// TestScope compares with a model, with few and with many declarations.
func TestScope(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var s Scope
		model := []map[string]string{{}}
		prefix := rapid.StringMatching(`[a-c][a-z]?|`)
		for range rapid.IntRange(0, 120).Draw(rt, "steps") {
			top := model[len(model)-1]
			switch rapid.IntRange(0, 6).Draw(rt, "step") {
			case 0:
				s.Push()
				model = append(model, map[string]string{})
			case 1:
				if len(model) > 1 {
					s.Pop()
					model = model[:len(model)-1]
				}
			default:
				p, space := prefix.Draw(rt, "prefix"), rapid.SampledFrom([]string{"u", "v", "w"}).Draw(rt, "space")
				why := s.Declare(p, space)
				if _, twice := top[p]; twice != (why == Duplicate) || !twice && why != 0 {
					rt.Fatalf("Declare(%q) = %v, declared before: %v", p, why, twice)
				}
				if why == 0 {
					top[p] = space
				}
			}
			p := prefix.Draw(rt, "lookup")
			want, bound := "", p == ""
			for _, m := range model {
				if space, ok := m[p]; ok {
					want, bound = space, true
				}
			}
			if got, ok := s.Lookup(p); got != want || ok != bound {
				rt.Fatalf("Lookup(%q) = %q, %v, want %q, %v", p, got, ok, want, bound)
			}
			if p, ok := s.Prefix("v"); ok {
				if space, _ := s.Lookup(p); space != "v" || p == "" {
					rt.Fatalf("Prefix(v) = %q, which is bound to %q", p, space)
				}
			}
		}
		for _, d := range s.All(nil) {
			if space, ok := s.Lookup(d.Prefix); !ok || space != d.Space {
				rt.Fatalf("All has %v, Lookup %q", d, space)
			}
		}
	})
}

func TestScopeRefuses(t *testing.T) {
	for _, d := range []Decl{{Prefix: "xml", Space: "u"}, {Prefix: "xmlns", Space: "u"}, {Prefix: "p", Space: XMLNamespace}, {Prefix: "p", Space: XMLNSNamespace}, {Prefix: "p"}, {Space: XMLNamespace}} {
		var s Scope
		s.Push()
		if why := s.Declare(d.Prefix, d.Space); why != BadNamespace {
			t.Errorf("%+v: %v", d, why)
		}
	}
	var s Scope
	s.Push()
	if why := s.Declare("xml", XMLNamespace); why != 0 {
		t.Errorf("xml may be declared as what it is: %v", why)
	}
	if space, ok := s.Lookup("xml"); !ok || space != XMLNamespace {
		t.Errorf("xml is bound to %q", space)
	}
}
