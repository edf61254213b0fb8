package entity_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// TestRights: names whatever their case, and Manage has all.
func TestRights(t *testing.T) {
	all, err := entity.ParseRights([]string{"send", "LISTEN"})
	if err != nil || all != entity.Listen|entity.Send || all.String() != "Listen,Send" || !slices.Equal(all.Names(), []string{"Listen", "Send"}) {
		t.Errorf("%s, %v", all, err)
	}
	if none, err := entity.ParseRights(nil); none != 0 || err != nil || none.String() != "" {
		t.Errorf("%s, %v", none, err)
	}
	for _, bad := range []string{"", "Read", "Listen,Send", " Send"} {
		if r, err := entity.ParseRights([]string{"Send", bad}); err == nil || r != 0 || !strings.Contains(err.Error(), "Listen, Send or Manage") {
			t.Errorf("%q is %s, %v", bad, r, err)
		}
	}
	rows := []struct {
		has, need entity.Rights
		want      bool
	}{
		{entity.Listen, entity.Listen, true},
		{entity.Listen, entity.Send, false},
		{entity.Listen, entity.Listen | entity.Send, false},
		{entity.Listen | entity.Send, entity.Send, true},
		{entity.Listen | entity.Send, entity.Manage, false},
		{entity.Manage, entity.Listen, true},
		{entity.Manage, entity.Listen | entity.Send | entity.Manage, true},
		{0, entity.Send, false},
	}
	for _, row := range rows {
		if got := row.has.Has(row.need); got != row.want {
			t.Errorf("%q has %q: %v", row.has, row.need, got)
		}
	}
}

// TestNames: what an entity may be called.
func TestNames(t *testing.T) {
	good := []string{"orders", "Plant/Line-1", "a.b_c", "mit leer", "x/$y", strings.Repeat("n", entity.MaxName)}
	for _, name := range good {
		if err := entity.CheckName(name); err != nil {
			t.Errorf("%.30q: %v", name, err)
		}
	}
	bad := map[string]string{
		"": "empty", "/": "empty", strings.Repeat("n", entity.MaxName+1): "at most 260", "$hc": "belong to the gateway", "/$hc/x": "belong to the gateway",
		"a//b": "empty segment", "a?b": "cannot stand", "a#b": "cannot stand", "a%20b": "cannot stand", `a\b`: "cannot stand", "a/../b": "segment",
		"a\nb": "control character", "\xff": "UTF-8",
	}
	for name, want := range bad {
		if err := entity.CheckName(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", name, err, want)
		}
	}
}

func rule(name string) entity.Rule { return entity.NewRule(name, entity.Send) }

// TestRules: all problems at once, names told apart without case.
func TestRules(t *testing.T) {
	var full []entity.Rule
	for i := range entity.MaxRules {
		full = append(full, rule(fmt.Sprintf("rule.%d_-A", i)))
	}
	if err := entity.CheckRules(full); err != nil {
		t.Error(err)
	}
	change := func(f func(*entity.Rule)) entity.Rule { r := rule("r"); f(&r); return r }
	rows := []struct {
		rules []entity.Rule
		want  []string
	}{
		{append(slices.Clone(full), rule("more")), []string{"13 rules, at most 12"}},
		{[]entity.Rule{rule("One"), rule("oNE")}, []string{`"oNE" stands twice`}},
		{[]entity.Rule{rule(""), rule("a b"), rule("ö")}, []string{"0 characters", `"a b"`, `"ö"`}},
		{[]entity.Rule{rule(strings.Repeat("r", entity.MaxRuleName+1))}, []string{"257 characters"}},
		{[]entity.Rule{change(func(r *entity.Rule) { r.Rights = 0 })}, []string{"grants nothing"}},
		{[]entity.Rule{change(func(r *entity.Rule) { r.Primary = "" })}, []string{"a key has 1 to 256"}},
		{[]entity.Rule{change(func(r *entity.Rule) { r.Secondary = entity.Secret(strings.Repeat("k", entity.MaxKey+1)) })}, []string{"a key has"}},
	}
	for _, row := range rows {
		err := entity.CheckRules(row.rules)
		for _, want := range row.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		}
		if err != nil && len(row.rules) > 0 && row.rules[0].Primary != "" && strings.Contains(err.Error(), string(row.rules[0].Primary)) {
			t.Errorf("the error shows a key: %v", err)
		}
	}
	one := change(func(r *entity.Rule) { r.Secondary = "" })
	if err := one.Check(); err != nil {
		t.Errorf("a rule with one key: %v", err)
	}
	if entity.FindRule(full, "RULE.3_-a") != &full[3] || entity.FindRule(full, "rule") != nil {
		t.Error("rules are found by name, whatever its case")
	}
}

// TestKeys: fresh ones each time, 32 bytes as base64.
func TestKeys(t *testing.T) {
	r := entity.NewRule("r", entity.Manage)
	for _, key := range []entity.Secret{r.Primary, r.Secondary} {
		if b, err := base64.StdEncoding.DecodeString(string(key)); err != nil || len(b) != 32 {
			t.Errorf("a key of %d bytes, %v", len(b), err)
		}
	}
	if r.Primary == r.Secondary || r.Primary == entity.NewRule("r", entity.Manage).Primary || r.Source != entity.FromStore {
		t.Error("keys are not fresh")
	}
}

// TestEntity: all problems at once; a clone shares nothing; the address list decides.
func TestEntity(t *testing.T) {
	e := &entity.Entity{Name: "a//b", Kind: "carrier pigeon", Rules: []entity.Rule{rule("")}, Settings: entity.Settings{ResponseTimeout: -1}}
	err := e.Check()
	for _, want := range []string{"empty segment", "carrier pigeon", "responseTimeout", "rule's name"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for _, kind := range entity.Kinds() {
		if err := (&entity.Entity{Name: "x", Kind: kind}).Check(); err != nil {
			t.Error(err)
		}
	}

	e = &entity.Entity{Name: "x", Kind: entity.Hybrid, Rules: []entity.Rule{rule("r")}}
	e.Settings.Allow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	c := e.Clone()
	c.Name, c.Rules[0].Name, c.Settings.Allow[0] = "y", "s", netip.Prefix{}
	if e.Name != "x" || e.Rules[0].Name != "r" || !e.Settings.Allow[0].IsValid() || e.Rule("R") != &e.Rules[0] {
		t.Errorf("a change of the clone reached %+v", e)
	}
	rows := map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "11.0.0.1": false, "2001:db8::1": true, "2001:db9::1": false}
	for addr, want := range rows {
		if got := e.Allows(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
	if e.Settings.Allow = nil; !e.Allows(netip.MustParseAddr("11.0.0.1")) {
		t.Error("without a list all are let in")
	}
}

// TestSecretsAreHidden: in no form of formatting, encoding or logging, by itself or inside.
func TestSecretsAreHidden(t *testing.T) {
	const key = "c2VjcmV0LWtleS1ieXRlcw=="
	r := entity.Rule{Name: "r", Rights: entity.Send, Primary: key, Secondary: key}
	e := entity.Entity{Name: "x", Rules: []entity.Rule{r}}
	values := []any{r.Primary, &r.Primary, r, &r, e, &e, []entity.Secret{key}, map[string]entity.Secret{"k": key}, struct{ S entity.Secret }{key}}
	var out bytes.Buffer
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, v)
		for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
			slog.New(h).Info("m", "v", v)
		}
		if b, err := json.Marshal(v); err == nil {
			out.Write(b)
		}
		if b, err := xml.Marshal(v); err == nil {
			out.Write(b)
		}
	}
	for _, form := range []string{key, fmt.Sprintf("%x", key), fmt.Sprintf("%X", key), base64.StdEncoding.EncodeToString([]byte(key)), "99 50"} {
		if i := strings.Index(out.String(), form); i >= 0 {
			t.Errorf("shown: ...%.80q", out.String()[max(0, i-30):])
		}
	}
	if !strings.Contains(out.String(), "***") {
		t.Error("nothing was shown at all")
	}
}
