package front

import "testing"

func TestRoles(t *testing.T) {
	r, err := NewRoles([]Host{{"Relay.Example.com", []Role{Relay}}, {"admin.example.com", []Role{API, Management}}, {"all.example.com", nil}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host string
		role Role
		want bool
	}{
		{"relay.example.com", Relay, true},
		{"RELAY.example.com:8443", Relay, true},
		{"relay.example.com.", API, false},
		{"admin.example.com:443", Relay, false},
		{"admin.example.com", Management, true},
		{"all.example.com", API, true},
		{"other.example.com", Relay, true},
		{"[::1]:8443", API, true},
		{"", Relay, true},
	} {
		if got := r.Has(c.host, c.role); got != c.want {
			t.Errorf("%s has %s: %t", c.host, c.role, got)
		}
	}
	if !(Roles{}).Has("any", API) {
		t.Error("without a table every host has all roles")
	}
	v6, err := NewRoles([]Host{{"::1", []Role{Relay}}})
	if err != nil || v6.Has("[::1]:443", API) || v6.Has("::1", API) {
		t.Errorf("an IPv6 host is not found: %v", err)
	}
	for name, hosts := range map[string][]Host{
		"twice": {{"a", nil}, {"A:80", nil}}, "empty": {{"", nil}}, "unknown role": {{"a", []Role{"relais"}}},
	} {
		if _, err := NewRoles(hosts); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
