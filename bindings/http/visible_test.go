package http

import "testing"

// TestVisible: what is told of a To shows no token and no password, whatever the client's address had.
func TestVisible(t *testing.T) {
	for to, want := range map[string]string{
		"http://relay.example.com/calc":                                         "http://relay.example.com/calc",
		"http://relay.example.com/calc?sb-hc-token=SharedAccessSignature%20sig": "http://relay.example.com/calc",
		"https://clerk:secret@relay.example.com/a@b?x":                          "https://relay.example.com/a@b",
		"https://a@b@c": "https://c",
		"urn:calc?=x":   "urn:calc",
		"?":             "", "": "", "://@": "://",
	} {
		if got := string(visible([]byte(to))); got != want {
			t.Errorf("%q shows %q, want %q", to, got, want)
		}
	}
}
