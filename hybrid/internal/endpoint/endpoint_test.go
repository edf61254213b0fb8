package endpoint_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/hybrid/internal/endpoint"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// base is a connection string without the name of a hybrid connection.
const base = "Endpoint=sb://relay.example:8443/;SharedAccessKeyName=rule;SharedAccessKey=azEyMzQ1Njc4OTAxMjM0NQ=="

// TestNew: name, path and address come from the connection string or the option, and what is missing is named.
func TestNew(t *testing.T) {
	source := func(context.Context, string) (string, time.Time, error) { return "", time.Time{}, nil }
	rows := []struct {
		name, text, entity string
		source             endpoint.Source
		path, fault        string
	}{
		{name: "in the string", text: base + ";EntityPath=hyco", path: "/hyco"},
		{name: "in the option", text: base, entity: "hyco", path: "/hyco"},
		{name: "in both, alike", text: base + ";EntityPath=Hyco", entity: "/hyco/", path: "/Hyco"},
		{name: "to be escaped", text: base, entity: "deep/ä b", path: "/deep/%C3%A4%20b"},
		{name: "in both, not alike", text: base + ";EntityPath=one", entity: "two", fault: "give one of them"},
		{name: "in neither", text: base, fault: "add EntityPath"},
		{name: "empty", text: base, entity: "/", fault: "add EntityPath"},
		{name: "managed identity", text: "Endpoint=sb://h/;Authentication=Managed Identity;EntityPath=hyco", fault: "WithTokenSource"},
		{name: "managed identity with tokens", text: "Endpoint=sb://h/;Authentication=Managed Identity;EntityPath=hyco", source: source, path: "/hyco"},
		{name: "nonsense", text: "nonsense", fault: "connection string"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			e, err := endpoint.New(row.text, row.entity, row.source)
			if row.fault != "" {
				if err == nil || !strings.Contains(err.Error(), row.fault) || strings.Contains(err.Error(), "azEy") {
					t.Fatalf("error %v, want one about %q without a key", err, row.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if e.Path != row.path {
				t.Errorf("path %q, want %q", e.Path, row.path)
			}
			if want := "sb://" + e.Host + row.path; e.Name() != want {
				t.Errorf("name %q, want %q", e.Name(), want)
			}
		})
	}
}

// made is an endpoint that has to be.
func made(t *testing.T, text string, source endpoint.Source) *endpoint.Endpoint {
	t.Helper()
	e, err := endpoint.New(text, "", source)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestToken: a key signs for an hour, a signature is shown as it is, a source is asked for its audience, and nothing gives nothing.
func TestToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hour := time.Now().Add(time.Hour)
		errSource := errors.New("no token today")
		var asked string
		rows := []struct {
			name, text string
			source     endpoint.Source
			want       string
			expires    time.Time
			anonymous  bool
			err        error
		}{
			{
				name: "key", text: base + ";EntityPath=hyco", expires: hour,
				want: wire.Sign(wire.Audience("relay.example:8443", "/hyco"), "rule", "azEyMzQ1Njc4OTAxMjM0NQ==", hour),
			},
			{name: "signature", text: "Endpoint=sb://h/;SharedAccessSignature=SharedAccessSignature sr=x;EntityPath=hyco", want: "SharedAccessSignature sr=x"},
			{name: "nothing", text: "Endpoint=sb://h/;EntityPath=hyco", anonymous: true},
			{name: "source", text: base + ";EntityPath=hyco", want: "theirs", expires: hour, source: func(_ context.Context, audience string) (string, time.Time, error) {
				asked = audience
				return "theirs", hour, nil
			}},
			{name: "source that has none", text: base + ";EntityPath=hyco", err: errSource, source: func(context.Context, string) (string, time.Time, error) {
				return "half", hour, errSource
			}},
		}
		for _, row := range rows {
			e := made(t, row.text, row.source)
			token, expires, err := e.Token(t.Context())
			if token != row.want || !errors.Is(err, row.err) || e.Anonymous() != row.anonymous {
				t.Errorf("%s: token %q, error %v, anonymous %v", row.name, token, err, e.Anonymous())
			}
			if row.err == nil && !expires.Equal(row.expires) {
				t.Errorf("%s: expires %v, want %v", row.name, expires, row.expires)
			}
		}
		if want := wire.Audience("relay.example", "/hyco"); asked != want {
			t.Errorf("the source was asked for %q, want %q", asked, want)
		}
	})
}

// TestTarget: suffixes keep their bytes, and the relay's own elements come last.
func TestTarget(t *testing.T) {
	e := made(t, base+";EntityPath=hyco", nil)
	for suffix, want := range map[string]string{
		"":              "/$hc/hyco?sb-hc-action=connect&sb-hc-id=7",
		"/deep/%C3%A4":  "/$hc/hyco/deep/%C3%A4?sb-hc-action=connect&sb-hc-id=7",
		"deep":          "/$hc/hyco/deep?sb-hc-action=connect&sb-hc-id=7",
		"?a=1&b":        "/$hc/hyco?a=1&b&sb-hc-action=connect&sb-hc-id=7",
		"/deep?a=1?b=2": "/$hc/hyco/deep?a=1?b=2&sb-hc-action=connect&sb-hc-id=7",
	} {
		if got := e.Target(suffix, wire.ActionConnect, "7"); got != want {
			t.Errorf("%q: %q, want %q", suffix, got, want)
		}
	}
	if got := e.Address(); got != "https://relay.example/hyco" {
		t.Errorf("address %q", got)
	}
	if got := made(t, "Endpoint=sb://plain/;EntityPath=hyco", nil).Address(); got != "https://plain/hyco" {
		t.Errorf("address %q of a host without a port", got)
	}
}

// TestNewID: a GUID of version 4 and variant 1, another each time.
func TestNewID(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 100 {
		id := endpoint.NewID()
		if !form.MatchString(id) || seen[id] {
			t.Fatalf("%q is no new GUID", id)
		}
		seen[id] = true
	}
}
