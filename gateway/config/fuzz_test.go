package config

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// FuzzLoad: whatever a file holds, a load ends soon and without panic, gives settings or errors and not both, and every
// place it names lies in the file. A text that stands as a value only is never cited.
func FuzzLoad(f *testing.F) {
	for _, text := range []string{
		"", full, sample, "limits: {pending: 5}\nhots: 1\n", "a: &x [*x]\n", "rules:\n\t- a\n", "host: \"\\q\"\n", "host: a\n---\nhost: b\n",
		"rules: [{name: a, rights: [Send], primaryKey: " + planted + "}]\n", "entities: [{name: a}, {name: A}, {name: /a/}]\n",
		"<<: {a: 1}\n", "? [a]\n: b\n", "\xff", "\xef\xbb\xbfhost: a\r\n", "https: [::1]:1\n", "host: !!binary aGk=\n", "%YAML 1.1\n---\n{}\n", "...\n", "host: |\n  a\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		begin := time.Now()
		l := newLoader(Params{File: "causeway.yaml", Env: []string{"HOME=/home/u"}})
		l.parse(data)
		c, problems := l.finish(Params{})
		if (c == nil) != (problems.Err() != nil) {
			t.Fatalf("settings %v beside problems %v", c != nil, problems)
		}
		if len(problems) > maxProblems+1 {
			t.Fatalf("%d problems", len(problems))
		}
		for _, p := range problems {
			if p.Line < 0 || p.Line > bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r"))+strings.Count(string(data), "\u2028")+
				strings.Count(string(data), "\u2029")+strings.Count(string(data), "\u0085")+1 || p.Line > 0 && p.Column < 1 {
				t.Fatalf("place outside the file: %v", p)
			}
			if strings.ContainsAny(p.String(), "\n\r") {
				t.Fatalf("a problem of several lines: %q", p)
			}
		}
		if len(data) < 1<<16 && time.Since(begin) > 20*time.Second {
			t.Fatalf("%d bytes took %v", len(data), time.Since(begin))
		}
		if c != nil {
			checkLoaded(t, c)
		}
	})
}

// checkLoaded holds what every user of a Config relies on.
func checkLoaded(t *testing.T, c *Config) {
	t.Helper()
	names := map[string]bool{}
	for _, e := range c.Entities {
		folded := strings.ToLower(strings.Trim(e.Name, "/"))
		if folded == "" || names[folded] || e.Kind == "" || e.RequestTarget == "" || e.PlainWebSocket == nil {
			t.Fatalf("entity %+v", e)
		}
		names[folded] = true
	}
	if c.HTTPS == "" || c.HTTP == "" || c.Admin == "" || c.Data == "" || c.Host == "" {
		t.Fatalf("an empty address or folder: %+v", c)
	}
	if c.Limits.Pending < 1 || c.Timeouts.Accept <= 0 {
		t.Fatalf("a bound that bounds nothing: %+v", c)
	}
}
