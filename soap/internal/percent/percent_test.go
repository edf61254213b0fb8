package percent

import "testing"

func TestDecode(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "urn:a+b": "urn:a+b", "a%20b": "a b", "%3c%3E": "<>", "%": "%", "a%2": "a%2", "%zz%41": "%zzA", "100%": "100%", "%2541": "%41",
	} {
		if got := Decode(s); got != want {
			t.Errorf("Decode(%q) = %q, want %q", s, got, want)
		}
	}
}
