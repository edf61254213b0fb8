package relays

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// TestSecretOf: a key comes from where a flag says, and never from the command line itself, which others can see.
func TestSecretOf(t *testing.T) {
	const key = "a2V5IGtleSBrZXkga2V5IGtleSBrZXkga2V5IGtleTE="
	t.Setenv("RELAYS_TEST_KEY", key)
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{"env:RELAYS_TEST_KEY", "file:" + file} {
		if got, err := secretOf("primary-key", where); err != nil || got == nil || string(*got) != key {
			t.Errorf("%s: %v", where, err)
		}
	}
	if got, err := secretOf("primary-key", ""); err != nil || got != nil {
		t.Errorf("without a flag %v, %v", got, err)
	}
	for _, where := range []string{key, "env:RELAYS_TEST_NONE", "file:" + file + ".none"} {
		got, err := secretOf("primary-key", where)
		if err == nil || got != nil || strings.Contains(err.Error(), key) {
			t.Errorf("%q is taken, or told: %v", where, err)
		}
	}
}

// TestNetworks: a list of networks, nothing for everybody, and what is none is named.
func TestNetworks(t *testing.T) {
	list, err := networksOf([]string{"192.0.2.0/24", "2001:db8::/32"})
	want := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	if diff := cmp.Diff(want, list, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if list, err := networksOf([]string{""}); err != nil || list == nil || len(list) > 0 {
		t.Errorf("an empty text gives %v, %v", list, err)
	}
	if _, err := networksOf([]string{"192.0.2.0/99"}); err == nil || !strings.Contains(err.Error(), "192.0.2.0/99") {
		t.Errorf("got %v", err)
	}
}

// TestPlainClients: who makes a relay of net.tcp is told that its plain clients have no token, and what lets them in.
func TestPlainClients(t *testing.T) {
	open := netip.MustParsePrefix("192.0.2.0/24")
	for name, c := range map[string]struct {
		e    wire.Entity
		says string // "": nothing
	}{
		"hybrid":           {wire.Entity{Kind: "hybrid"}, ""},
		"token wanted":     {wire.Entity{Kind: "nettcp", Name: "plant"}, "causeway relay update plant --anonymous-senders"},
		"open to all":      {wire.Entity{Kind: "nettcp", AnonymousSenders: true}, "--allow limits that"},
		"open to networks": {wire.Entity{Kind: "nettcp", AnonymousSenders: true, Settings: wire.Settings{Allow: []netip.Prefix{open}}}, ""},
	} {
		if got := plainClients(&c.e); !strings.Contains(got, c.says) || (got == "") != (c.says == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestUntil: ends of tokens are told from now.
func TestUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a clock that stands
		for want, at := range map[string]time.Duration{"in 1h0m0s": time.Hour, "1h0m0s ago": -time.Hour, "practically never": 200 * 365 * 24 * time.Hour} {
			if got := until(time.Now().Add(at)); got != want {
				t.Errorf("%v is %q, want %q", at, got, want)
			}
		}
	})
}
