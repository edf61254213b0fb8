package entity_test

import (
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/entity"
)

// TestConversion: what cannot be converted, or does not fit together, is told at the key that is wrong.
func TestConversion(t *testing.T) {
	many := make([]string, entity.MaxOneWay+1)
	for i := range many {
		many[i] = "urn:a"
	}
	for name, row := range map[string]struct {
		c    entity.Conversion
		kind entity.Kind
		key  string // "": nothing is wrong
		text string
	}{
		"none":              {},
		"net.tcp":           {c: entity.Conversion{Binding: "netTcp", Address: "net.tcp://localhost/calc", OneWay: []string{"urn:a", "urn:b*"}}},
		"long name":         {c: entity.Conversion{Binding: "NetTcpBinding"}},
		"HTTP":              {c: entity.Conversion{Binding: "wsHttp", Address: "https://localhost:8443/calc"}, kind: entity.NetTCP},
		"unknown":           {c: entity.Conversion{Binding: "msmq"}, key: "listenerBinding", text: "expected one of soap, basicHttp, "},
		"any":               {c: entity.Conversion{Binding: "soap"}, key: "listenerBinding", text: "name it"},
		"web":               {c: entity.Conversion{Binding: "webHttp"}, key: "listenerBinding", text: "no envelope and no action"},
		"one-way relay":     {c: entity.Conversion{Binding: "netTcp"}, kind: entity.OneWay, key: "listenerBinding", text: "kind oneway"},
		"event relay":       {c: entity.Conversion{Binding: "netTcp"}, kind: entity.Event, key: "listenerBinding", text: "kind event"},
		"address alone":     {c: entity.Conversion{Address: "net.tcp://localhost/calc"}, key: "serviceAddress", text: "belongs to listenerBinding"},
		"actions alone":     {c: entity.Conversion{OneWay: []string{"urn:a"}}, key: "oneWay", text: "belongs to listenerBinding"},
		"other scheme":      {c: entity.Conversion{Binding: "netTcp", Address: "http://localhost/calc"}, key: "serviceAddress", text: "net.tcp://HOST"},
		"other scheme, web": {c: entity.Conversion{Binding: "basicHttp", Address: "net.tcp://localhost/calc"}, key: "serviceAddress", text: "http://HOST"},
		"no host":           {c: entity.Conversion{Binding: "netTcp", Address: "net.tcp:///calc"}, key: "serviceAddress", text: "expected"},
		"a password":        {c: entity.Conversion{Binding: "netTcp", Address: "net.tcp://u:p@h/calc"}, key: "serviceAddress", text: "expected"},
		"a query":           {c: entity.Conversion{Binding: "netTcp", Address: "net.tcp://h/calc?a"}, key: "serviceAddress", text: "expected"},
		"long address":      {c: entity.Conversion{Binding: "netTcp", Address: "net.tcp://h/" + strings.Repeat("a", 2048)}, key: "serviceAddress", text: "expected"},
		"no action":         {c: entity.Conversion{Binding: "netTcp", OneWay: []string{""}}, key: "oneWay", text: "without spaces"},
		"a space":           {c: entity.Conversion{Binding: "netTcp", OneWay: []string{"urn: a"}}, key: "oneWay", text: "without spaces"},
		"many actions":      {c: entity.Conversion{Binding: "netTcp", OneWay: many}, key: "oneWay", text: "at most 128"},
	} {
		if row.kind == "" {
			row.kind = entity.HTTP
		}
		flaws := row.c.Check(row.kind)
		switch {
		case row.key == "" && len(flaws) > 0, row.key != "" && len(flaws) != 1:
			t.Errorf("%s: %q", name, flaws)
		case row.key != "" && (flaws[0].Key != row.key || !strings.Contains(flaws[0].Text, row.text)):
			t.Errorf("%s: %q, want %q at %s", name, flaws[0].Error(), row.text, row.key)
		}
		e := &entity.Entity{Name: "calc", Kind: row.kind, Settings: entity.Settings{Convert: row.c}}
		if err := e.Check(); (err != nil) != (row.key != "") {
			t.Errorf("%s: the entity is wrong with %v", name, err)
		}
	}
}

// TestConversionFrom: equal bindings pass, and what senders speak comes from how they send.
func TestConversionFrom(t *testing.T) {
	for _, row := range []struct {
		binding string
		framed  bool
		from    string // "": bytes pass
	}{
		{"", false, ""}, {"", true, ""}, {"msmq", true, ""}, {"webHttp", false, ""}, {"soap", false, ""},
		{"netTcp", true, ""}, {"netTcp", false, convert.AnySOAP}, {"basicHttp", true, convert.NetTCP}, {"basicHttp", false, convert.AnySOAP},
	} {
		c := (&entity.Conversion{Binding: row.binding, OneWay: []string{"urn:a"}}).From(row.framed)
		if c == nil != (row.from == "") || c != nil && (c.From.Name != row.from || c.To.Name != row.binding || len(c.OneWay) != 1) {
			t.Errorf("%q, framed %v: %+v", row.binding, row.framed, c)
		}
	}
	a, b := entity.Conversion{Binding: "netTcp", OneWay: []string{"urn:a"}}, entity.Conversion{Binding: "netTcp", OneWay: []string{"urn:a"}}
	if !a.Equal(&b) {
		t.Error("equal ones are not")
	}
	e := &entity.Entity{Settings: entity.Settings{Convert: a}}
	if e.Clone().Settings.Convert.OneWay[0] = "urn:b"; !e.Settings.Convert.Equal(&b) {
		t.Error("a clone shares its actions")
	}
	if b.OneWay = nil; a.Equal(&b) {
		t.Error("different ones are equal")
	}
}
