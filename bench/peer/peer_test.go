package peer

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestExpand(t *testing.T) {
	e := &Env{Work: "/w", Bin: "/b", Target: "127.0.0.1:9"}
	n := 0
	free := func() string { n++; return strconv.Itoa(n) }
	for in, want := range map[string]string{
		"{bin}/causeway {work}/x {target_tcp}": "/b/causeway /w/x 127.0.0.1:9",
		"{port:a} {port:b} {port:a}":           "1 2 1",
		"no end {port:a":                       "no end {port:a",
		"{target_http}":                        "127.0.0.1:9",
		"{unknown}":                            "{unknown}",
		"":                                     "",
	} {
		n = 0
		if got := e.expand(in, free); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestOurs reads the settings that are checked in: both name a binary, an address and a key, and nothing is left to fill in.
func TestOurs(t *testing.T) {
	e := &Env{Work: "/w", Bin: "/b", Self: "/s", Config: ".."}
	for _, name := range []string{"ours.json", "ours-logged.json", "ours-tls.json", "ours-agent.json", "ours-forward.json", "ours-http.json", "ours-serve.json", "ours-node.json", "ours-nettcp.json", "ours-convert.json", "ours-cast.json"} {
		s, err := read(e, name)
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Join(append(s.Gateway, s.Ready, s.Base, s.Files["causeway.yaml"]), " ")
		all += strings.Join(slices.Concat(s.Agent, s.Forward, []string{s.NetTCP}), " ")
		if strings.ContainsAny(all, "{}") || !strings.HasPrefix(s.Gateway[0], "/b/") || s.KeyName == "" || s.Key == "" {
			t.Errorf("%s: %+v", name, s)
		}
		_, address, _ := strings.Cut(s.Base, "://")
		if !strings.Contains(s.Files["causeway.yaml"], s.Ready) || !strings.Contains(s.Files["causeway.yaml"], address) {
			t.Errorf("%s: the gateway's address is not the one that is dialled: %+v", name, s)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	e := &Env{Config: t.TempDir()}
	for name, text := range map[string]string{"none": "", "broken": "{", "empty": "{}"} {
		if text != "" {
			if err := os.WriteFile(filepath.Join(e.Config, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if s, err := read(e, name); err == nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// TestPeers: names are unique, every peer says what it is, and ours name a bound that is there.
func TestPeers(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range All() {
		if p.Name == "" || p.Note == "" || seen[p.Name] || p.start == nil || p.Kind != Limit && p.Kind != Other && p.Kind != Ours {
			t.Errorf("%+v", p)
		}
		if p.Kind == Ours && !seen[p.Bound] {
			t.Errorf("%s: its bound %q is not there", p.Name, p.Bound)
		}
		seen[p.Name] = true
	}
}
