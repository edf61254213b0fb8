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

// TestQuote: what is quoted is read again, but for what is percent-encoded, which only decoding gives.
func TestQuote(t *testing.T) {
	for s, want := range map[string]string{"": `""`, "urn:a": `"urn:a"`, "100%": `"100%"`, `a"b%`: `"a%22b%25"`, "ü\r\n": `"%C3%BC%0D%0A"`} {
		got := Quote(s)
		if got != want {
			t.Errorf("Quote(%q) = %s, want %s", s, got, want)
		}
		back, err := Unquote(" " + got + "\t")
		if err != nil || back != s && Decode(back) != s {
			t.Errorf("Unquote(%s) = %q, %v", got, back, err)
		}
	}
	for _, s := range []string{`"`, `a"b`, `"a`, "a\x00", "\x7F"} {
		if got, err := Unquote(s); err == nil {
			t.Errorf("Unquote(%q) = %q", s, got)
		}
	}
}
