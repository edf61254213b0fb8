package nettcp

import (
	"net/url"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// FuzzParseVia: whatever a client names, the address is canonical, a token in it goes no further, and what goes on leads to the
// same place.
func FuzzParseVia(f *testing.F) {
	for _, via := range []string{
		"net.tcp://localhost:9808/calc", "net.tcp://h/a%20b/c?x=1&sb-hc-token=SharedAccessSignature%20sr%3Dx&y", "NET.TCP://[::1]:808//a/./b",
		"net.tcp://h/a?SB-HC-TOKEN=x&sb-hc-token=y", "sb://h/a", "net.tcp:a", "net.tcp://u:p@h/a#f", "net.tcp://h/%2e%2e/a", "net.tcp://h?sb-hc-token=x",
	} {
		f.Add(via)
	}
	f.Fuzz(func(t *testing.T, via string) {
		d, refused := parseVia(via)
		if refused != nil {
			return
		}
		if again, err := entity.NewAddress("", d.at.Path); err != nil || again != d.at {
			t.Fatalf("%q: the address %q is not canonical", via, d.at.Path)
		}
		if d.forward == "" {
			return
		}
		u, err := url.Parse(d.forward)
		if err != nil {
			t.Fatalf("%q goes on as %q: %v", via, d.forward, err)
		}
		if _, token := takeToken(u.RawQuery); token != "" {
			t.Fatalf("%q goes on with a token: %q", via, d.forward)
		}
		there, refused := parseVia(d.forward)
		if refused != nil || there.at != d.at || there.host != d.host || strings.Contains(d.target, tokenKey+"="+d.cred.Text) && len(d.cred.Text) > 8 {
			t.Fatalf("%q goes on as %q", via, d.forward)
		}
	})
}
