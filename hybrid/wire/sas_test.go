package wire

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestSignature has the vectors of section 4.2.
func TestSignature(t *testing.T) {
	for sr, want := range map[string]string{
		"http%3A%2F%2Fcontoso.servicebus.windows.net%2Fhyco%2F":    "dgZ9c8gUDRgMDDnQtmOzJMtX0dDnpsE7CmefuASAqYA=",
		"http%3a%2f%2fcontoso.servicebus.windows.net%2fhyco%2f":    "+hP+AirfTrYlBIsUwOva2EsuudcGNq2CLSb2RMcTO5E=",
		"http%3A%2F%2Fcontoso.servicebus.windows.net%3A443%2Fhyco": "PdtDa31fqG9FWSd4TWEGSWxfrmIfgZqbWPKriHhhILU=",
		"sb%3A%2F%2Flocalhost%3A8443%2Fhyco":                       "R7RKE7IkSHlof4PMilylxjngenVfNWouPN8FOVuxmNU=",
		"http%3A%2F%2Fcontoso.servicebus.windows.net%2F":           "0agZO8uZy4Zm7APrFpLaJZ7cheoIluTTLJ5gyyT+jzk=",
	} {
		if got := signature(sr, "2000000000", "dGVzdC1rZXk="); got != want {
			t.Errorf("%s: %s, want %s", sr, got, want)
		}
		decoded, err := url.QueryUnescape(sr)
		if err != nil {
			t.Fatal(err)
		}
		if url.QueryEscape(decoded) != sr {
			continue // Sign writes upper-case hex
		}
		token := Sign(decoded, "Root Rule", "dGVzdC1rZXk=", time.Unix(2000000000, 999))
		if whole := "SharedAccessSignature sr=" + sr + "&sig=" + url.QueryEscape(want) + "&se=2000000000&skn=Root+Rule"; token != whole {
			t.Errorf("got  %s\nwant %s", token, whole)
		}
	}
}

// TestSignAsCaptured is the token of hyco-https in capture 14.1.
func TestSignAsCaptured(t *testing.T) {
	const want = "SharedAccessSignature sr=http%3A%2F%2Flocalhost%3A8443%2Fa2&sig=8YiFuC%2BPbZcd4nsvN16F6FhCFHfYrxyhmsR4yb4HS%2BE%3D&se=1795306190&skn=RootManageSharedAccessKey"
	if got := Sign("http://localhost:8443/a2", "RootManageSharedAccessKey", "c2VjcmV0LWtleS1mb3ItcHJvYmluZw==", time.Unix(1795306190, 0)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAudience(t *testing.T) {
	for _, c := range []struct{ host, path, want string }{
		{"localhost:8443", "/hyco", "http://localhost/hyco/"},
		{"localhost", "hyco/suf/p%20q/?foo=b%20r", "http://localhost/hyco/suf/p%20q/"},
		{"contoso.servicebus.windows.net:443", "/", "http://contoso.servicebus.windows.net/"},
		{"[::1]:8443", "", "http://[::1]/"},
		{"[::1]", "a", "http://[::1]/a/"},
	} {
		if got := Audience(c.host, c.path); got != c.want {
			t.Errorf("Audience(%q, %q) = %q, want %q", c.host, c.path, got, c.want)
		}
	}
	// The token in capture 14.14 has this audience.
	if token := Sign(Audience("localhost:8443", "/hyco/suf/p%20q"), "n", "k", time.Unix(0, 0)); !strings.Contains(token, "sr=http%3A%2F%2Flocalhost%2Fhyco%2Fsuf%2Fp%2520q%2F&") {
		t.Errorf("token %s", token)
	}
}
