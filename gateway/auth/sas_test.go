package auth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// key is the key string of the reference's vectors (section 4.2); it looks like base64 and is not decoded.
const key = "dGVzdC1rZXk="

// noon is when the tests run; soon is a good expiry then.
var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const soon = "2000000000"

// sign gives the signature of an encoded audience, as every client makes it.
func sign(key, sr, se string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(sr + "\n" + se))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// token gives a whole token for an audience that is encoded already.
func token(key, sr, se, rule string) string {
	return "SharedAccessSignature sr=" + sr + "&sig=" + url.QueryEscape(sign(key, sr, se)) + "&se=" + se + "&skn=" + rule
}

// rule gives a rule whose keys are named after it.
func rule(name string, rights entity.Rights, primary, secondary entity.Secret) entity.Rule {
	return entity.Rule{Name: name, Rights: rights, Primary: primary, Secondary: secondary}
}

func place(t testing.TB, host, path string, hosts ...string) auth.Place {
	t.Helper()
	at, err := entity.NewAddress("", path)
	if err != nil {
		t.Fatal(err)
	}
	return auth.Place{At: at, Host: host, Hosts: hosts}
}

func verify(text string, s auth.Scope, p auth.Place, now time.Time) (auth.Claims, error) {
	return auth.NewSAS().Verify(auth.Credential{Scheme: auth.SAS, Text: text}, s, p, now)
}

// sendOnly is the scope of most tests: rule send on the entity.
func sendOnly() auth.Scope {
	return auth.Scope{Entity: []entity.Rule{rule("send", entity.Send, key, "")}}
}

// TestFieldTokens runs the tokens that scripts in many languages made (case hybrid/token-audiences).
func TestFieldTokens(t *testing.T) {
	b, err := os.ReadFile("testdata/tokens.tsv")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[fail.Code]string{
		fail.MalformedToken:   "token",
		fail.InvalidSignature: "InvalidSignature: The token has an invalid signature.",
		fail.ExpiredToken:     "ExpiredToken: The token is expired. Expiration time: '2017-07-14 02:40:00Z'.",
		fail.InvalidAudience:  "InvalidAudience: The authorization header contains a token with a wrong audience.",
	}
	seen := 0
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 3 {
			t.Fatalf("line %q has %d fields", line, len(fields))
		}
		seen++
		t.Run(fields[0], func(t *testing.T) {
			claims, err := verify(fields[1], sendOnly(), place(t, "localhost:8080", "/hyco"), noon)
			want, _, _ := strings.Cut(fields[2], "|")
			if want == "accept" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				if claims.Rule != "send" || claims.Rights != entity.Send || !claims.OfEntity {
					t.Errorf("claims %+v", claims)
				}
				return
			}
			if !fail.Is(err, fail.Code(want)) {
				t.Fatalf("got %v, want %s", err, want)
			}
			message := fail.Of(err).Message()
			if !strings.Contains(message, texts[fail.Code(want)]) {
				t.Errorf("message %q lacks %q", message, texts[fail.Code(want)])
			}
			if want == "InvalidAudience" && !strings.Contains(message, "http://localhost/hyco") {
				t.Errorf("message %q does not say what to sign", message)
			}
		})
	}
	if seen != 19 {
		t.Errorf("%d tokens in the file, 19 expected", seen)
	}
}

// TestReferenceVectors checks the signatures that the reference prints (section 4.2), and one real hyco-https token.
func TestReferenceVectors(t *testing.T) {
	for _, v := range []struct{ sr, sig, host, path string }{
		{"http%3A%2F%2Fcontoso.servicebus.windows.net%2Fhyco%2F", "dgZ9c8gUDRgMDDnQtmOzJMtX0dDnpsE7CmefuASAqYA=", "contoso.servicebus.windows.net", "hyco"},
		{"http%3a%2f%2fcontoso.servicebus.windows.net%2fhyco%2f", "+hP+AirfTrYlBIsUwOva2EsuudcGNq2CLSb2RMcTO5E=", "contoso.servicebus.windows.net", "hyco"},
		{"http%3A%2F%2Fcontoso.servicebus.windows.net%3A443%2Fhyco", "PdtDa31fqG9FWSd4TWEGSWxfrmIfgZqbWPKriHhhILU=", "contoso.servicebus.windows.net:443", "hyco"},
		{"sb%3A%2F%2Flocalhost%3A8443%2Fhyco", "R7RKE7IkSHlof4PMilylxjngenVfNWouPN8FOVuxmNU=", "localhost:9999", "hyco/deep"},
		{"http%3A%2F%2Fcontoso.servicebus.windows.net%2F", "0agZO8uZy4Zm7APrFpLaJZ7cheoIluTTLJ5gyyT+jzk=", "contoso.servicebus.windows.net", "any"},
	} {
		text := "SharedAccessSignature sr=" + v.sr + "&sig=" + url.QueryEscape(v.sig) + "&se=2000000000&skn=send"
		if _, err := verify(text, sendOnly(), place(t, v.host, v.path), noon); err != nil {
			t.Errorf("%s: %v", v.sr, err)
		}
	}
	captured := "SharedAccessSignature sr=http%3A%2F%2Flocalhost%3A8443%2Fa2&sig=8YiFuC%2BPbZcd4nsvN16F6FhCFHfYrxyhmsR4yb4HS%2BE%3D&se=1795306190&skn=RootManageSharedAccessKey"
	root := auth.Scope{Namespace: []entity.Rule{rule(entity.RootRule, entity.Manage, "c2VjcmV0LWtleS1mb3ItcHJvYmluZw==", "")}}
	got, err := verify(captured, root, place(t, "localhost:8443", "a2"), noon)
	if err != nil {
		t.Fatal(err)
	}
	want := auth.Claims{
		Rule: entity.RootRule, Rights: entity.Manage, Prefix: entity.Address{Path: "a2"}, Expires: time.Unix(1795306190, 0).UTC(),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestSpellings: every way of writing the same token is as good (section 4.2).
func TestSpellings(t *testing.T) {
	const sr = "http%3A%2F%2Flocalhost%2Fhyco"
	// An expiry whose signature has a plus and a slash, so that the encodings differ.
	se := ""
	for n := 2_000_000_000; se == "" || !strings.Contains(sign(key, sr, se), "+") || !strings.Contains(sign(key, sr, se), "/"); n++ {
		se = strconv.Itoa(n)
	}
	raw := sign(key, sr, se)
	form := url.QueryEscape(raw)
	lower := strings.NewReplacer("%2B", "%2b", "%2F", "%2f", "%3D", "%3d")
	for name, text := range map[string]string{
		"as documented":       "SharedAccessSignature sr=" + sr + "&sig=" + form + "&se=" + se + "&skn=send",
		"without the word":    "sr=" + sr + "&sig=" + form + "&se=" + se + "&skn=send",
		"word in lower case":  "sharedaccesssignature sr=" + sr + "&sig=" + form + "&se=" + se + "&skn=send",
		"many blanks":         "  SHAREDACCESSSIGNATURE \t sr=" + sr + "&sig=" + form + "&se=" + se + "&skn=send  ",
		"other order":         "SharedAccessSignature skn=send&se=" + se + "&sig=" + form + "&sr=" + sr,
		"names in upper case": "SharedAccessSignature SR=" + sr + "&SIG=" + form + "&SE=" + se + "&SKN=send",
		"empty fields":        "SharedAccessSignature &&sr=" + sr + "&&sig=" + form + "&se=" + se + "&skn=send&",
		"unknown fields":      "SharedAccessSignature sr=" + sr + "&sig=" + form + "&se=" + se + "&skn=send&x=1&x=2&flag",
		"lower hex in sig":    "SharedAccessSignature sr=" + sr + "&sig=" + lower.Replace(form) + "&se=" + se + "&skn=send",
		"raw plus and slash":  "SharedAccessSignature sr=" + sr + "&sig=" + raw + "&se=" + se + "&skn=send",
		"plus became a blank": "SharedAccessSignature sr=" + sr + "&sig=" + strings.ReplaceAll(raw, "+", " ") + "&se=" + se + "&skn=send",
		"rule in other case":  "SharedAccessSignature sr=" + sr + "&sig=" + form + "&se=" + se + "&skn=SEND",
		"rule encoded":        "SharedAccessSignature sr=" + sr + "&sig=" + form + "&se=" + se + "&skn=%73end",
	} {
		if c, err := verify(text, sendOnly(), place(t, "localhost", "hyco"), noon); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if c.Rule != "send" {
			t.Errorf("%s: rule %q, want it as the rule spells it", name, c.Rule)
		}
	}
}

// TestAudiences: what clients sign (section 4.3), encoded twice over by .NET, and what covers a place.
func TestAudiences(t *testing.T) {
	for _, v := range []struct {
		name, audience, host, path string
		hosts                      []string
		prefix                     string // of the claims
		refused                    string // part of the text; "" accepted
	}{
		{name: ".NET", audience: "http://localhost/hyco/", host: "localhost:8443", path: "hyco", prefix: "hyco"},
		{name: ".NET, blank", audience: "http://localhost/my%20hyco/", host: "localhost", path: "my hyco", prefix: "my hyco"},
		{name: "blank in clear", audience: "http://localhost/my hyco", host: "localhost", path: "my hyco", prefix: "my hyco"},
		{name: "Node, port", audience: "http://localhost:443/hyco", host: "localhost:8443", path: "hyco", prefix: "hyco"},
		{name: "Node, namespace", audience: "http://localhost/", host: "localhost", path: "hyco", prefix: ""},
		{name: "Java listener", audience: "sb://localhost:8443/hyco", host: "localhost:8443", path: "hyco", prefix: "hyco"},
		{name: "Java sender", audience: "sb://localhost:8443", host: "localhost:8443", path: "hyco", prefix: ""},
		{name: "$hc", audience: "wss://localhost/$hc/hyco", host: "localhost", path: "hyco", prefix: "hyco"},
		{name: "$HC encoded", audience: "wss://localhost/%24HC/hyco?sb-hc-action=connect", host: "localhost", path: "hyco", prefix: "hyco"},
		{name: "$hc alone", audience: "wss://localhost/$hc/", host: "localhost", path: "hyco", prefix: ""},
		{name: "whole URL", audience: "https://localhost/hyco/deep/er?x=/y#z", host: "localhost", path: "hyco/deep/er", prefix: "hyco/deep/er"},
		{name: "prefix", audience: "https://localhost/hyco", host: "localhost", path: "hyco/deep/er", prefix: "hyco"},
		{name: "query on the host", audience: "http://localhost?x=1", host: "localhost", path: "hyco", prefix: ""},
		{name: "case", audience: "HTTP://LocalHost/HYCO/Deep", host: "LOCALHOST", path: "hyco/deep", prefix: "hyco/deep"},
		{name: "user", audience: "http://me:secret@localhost/hyco", host: "localhost", path: "hyco", prefix: "hyco"},
		{name: "slashes", audience: "http://localhost//hyco///", host: "localhost", path: "hyco", prefix: "hyco"},
		{name: "final dot", audience: "http://localhost./hyco", host: "localhost", path: "hyco", prefix: "hyco"},
		{name: "IPv6", audience: "http://[::1]:8443/hyco", host: "[::1]:9000", path: "hyco", prefix: "hyco"},
		{name: "IPv6 without port", audience: "http://[::1]/hyco", host: "[::1]", path: "hyco", prefix: "hyco"},
		{name: "another name", audience: "http://relay.example/hyco", host: "127.0.0.1:8443", hosts: []string{"x.example", "Relay.Example"}, path: "hyco", prefix: "hyco"},
		{name: "odd scheme", audience: "amqp+ssl://localhost/hyco", host: "localhost", path: "hyco", prefix: "hyco"},
		{name: "percent that is none", audience: "http://localhost/100%/x", host: "localhost", path: "100%/x", prefix: "100%/x"},

		{name: "no scheme", audience: "localhost/hyco", host: "localhost", path: "hyco", refused: "Received 'localhost/hyco' (it has no scheme), expected 'http://localhost/hyco'."},
		{name: "no scheme but port", audience: "localhost:8443/hyco", host: "localhost:8443", path: "hyco", refused: "it has no scheme"},
		{name: "bad scheme", audience: "1a://localhost/hyco", host: "localhost", path: "hyco", refused: "it has no scheme"},
		{name: "empty scheme", audience: "://localhost/hyco", host: "localhost", path: "hyco", refused: "it has no scheme"},
		{name: "no host", audience: "http:///hyco", host: "localhost", path: "hyco", refused: "it names another host"},
		{name: "no host anywhere", audience: "http:///hyco", host: "", path: "hyco", refused: "it names another host"},
		{name: "other host", audience: "http://localhost.evil.example/hyco", host: "localhost", path: "hyco", refused: "it names another host"},
		{name: "host as user", audience: "http://localhost@evil.example/hyco", host: "localhost", path: "hyco", refused: "it names another host"},
		{name: "sibling", audience: "http://localhost/hyco2", host: "localhost", path: "hyco", refused: "it names another path"},
		{name: "cut segment", audience: "http://localhost/hyc", host: "localhost", path: "hyco", refused: "it names another path"},
		{name: "deeper", audience: "http://localhost/hyco/deep", host: "localhost", path: "hyco", refused: "it names another path"},
		{name: "dots", audience: "http://localhost/x/../hyco", host: "localhost", path: "hyco", refused: "its path is not canonical"},
		{name: "dots encoded", audience: "http://localhost/hyco/%2e%2e", host: "localhost", path: "hyco/..x", refused: "its path is not canonical"},
		{name: "zero byte", audience: "http://localhost/hyco%00", host: "localhost", path: "hyco", refused: "its path is not canonical"},
		{name: "user hidden", audience: "http://me:secret@evil.example/hyco?key=secret", host: "localhost", path: "hyco", refused: "Received 'http://evil.example/hyco' (it names another host), expected 'http://localhost/hyco'."},
		{name: "line ends", audience: "http://evil\r\nX: y/\u00e9", host: "localhost", path: "hyco", refused: "Received 'http://evil??X: y/?' ("},
		{name: "long", audience: "http://" + strings.Repeat("a", 300), host: "localhost", path: "hyco", refused: "aaa...' ("},
		{name: "IPv6 expected", audience: "http://[::2]/hyco", host: "[::1]:8443", path: "hyco", refused: "expected 'http://[::1]/hyco'"},
	} {
		t.Run(v.name, func(t *testing.T) {
			c, err := verify(token(key, url.QueryEscape(v.audience), soon, "send"), sendOnly(), place(t, v.host, v.path, v.hosts...), noon)
			if v.refused == "" {
				if err != nil {
					t.Fatal(err)
				}
				if c.Prefix.Path != v.prefix {
					t.Errorf("prefix %q, want %q", c.Prefix.Path, v.prefix)
				}
				return
			}
			if !fail.Is(err, fail.InvalidAudience) {
				t.Fatalf("got %v, want InvalidAudience", err)
			}
			message := fail.Of(err).Message()
			if !strings.Contains(message, v.refused) {
				t.Errorf("message %q lacks %q", message, v.refused)
			}
			if strings.Contains(message, "secret") || len(message) > 800 {
				t.Errorf("message %q shows too much", message)
			}
		})
	}
	broken := token(key, "http%3A%2F%2Flocalhost%2Fhyco%", soon, "send")
	if _, err := verify(broken, sendOnly(), place(t, "localhost", "hyco"), noon); !fail.Is(err, fail.InvalidAudience) {
		t.Errorf("broken escape in sr: %v", err)
	}
}

// TestRules: whose key counts (section 4.2).
func TestRules(t *testing.T) {
	const sr = "http%3A%2F%2Flocalhost%2Fhyco"
	scope := auth.Scope{
		Entity:    []entity.Rule{rule("both", entity.Send, "entity-1", "entity-2"), rule("one", entity.Listen, "entity-3", "")},
		Namespace: []entity.Rule{rule("Both", entity.Manage, "space-1", "space-2"), rule("space", entity.Listen|entity.Send, "space-3", "")},
	}
	for _, v := range []struct {
		name, key, skn string
		want           string // rule as spelled; "" refused
		of             bool
	}{
		{"entity, primary", "entity-1", "both", "both", true},
		{"entity, secondary", "entity-2", "both", "both", true},
		{"namespace of the same name, primary", "space-1", "both", "Both", false},
		{"namespace of the same name, secondary", "space-2", "both", "Both", false},
		{"namespace only", "space-3", "space", "space", false},
		{"another rule's key", "entity-3", "both", "", false},
		{"another rule's name", "entity-1", "one", "", false},
		{"no such rule", "entity-1", "nobody", "", false},
		{"no secondary key is no key", "", "one", "", false},
		{"no rule is no key", "", "nobody", "", false},
		{"key and BAD", "entity-1BAD", "both", "", false},
	} {
		c, err := verify(token(v.key, sr, soon, v.skn), scope, place(t, "localhost", "hyco"), noon)
		if v.want == "" {
			if !fail.Is(err, fail.InvalidSignature) || !strings.Contains(err.Error(), "token has an invalid signature") {
				t.Errorf("%s: %v", v.name, err)
			}
			continue
		}
		if err != nil || c.Rule != v.want || c.OfEntity != v.of {
			t.Errorf("%s: %+v, %v", v.name, c, err)
		}
	}
}

// TestMalformed: what is no token, one fault each, and good once the fault is mended.
func TestMalformed(t *testing.T) {
	const sr = "http%3A%2F%2Flocalhost%2Fhyco"
	sig := url.QueryEscape(sign(key, sr, soon))
	for _, v := range []struct{ name, text, says string }{
		{"nothing", "", "the field sr is missing"},
		{"the word alone", "SharedAccessSignature", "the field sr is missing"},
		{"a JWT", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "the field sr is missing"},
		{"no sig", "sr=" + sr + "&se=" + soon + "&skn=send", "the field sig is missing"},
		{"no se", "sr=" + sr + "&sig=" + sig + "&skn=send", "the field se is missing"},
		{"no skn", "sr=" + sr + "&sig=" + sig + "&se=" + soon, "the field skn is missing"},
		{"empty skn", "sr=" + sr + "&sig=" + sig + "&se=" + soon + "&skn=", "the field skn is missing"},
		{"sr twice", "sr=" + sr + "&SR=x&sig=" + sig + "&se=" + soon + "&skn=send", "the field sr stands twice"},
		{"empty, then full", "sr=&sr=" + sr + "&sig=" + sig + "&se=" + soon + "&skn=send", "the field sr stands twice"},
		{"se a word", "sr=" + sr + "&sig=" + sig + "&se=never&skn=send", "no whole number"},
		{"se with sign", "sr=" + sr + "&sig=" + sig + "&se=-1&skn=send", "no whole number"},
		{"se with blank", "sr=" + sr + "&sig=" + sig + "&se=+1&skn=send", "no whole number"},
		{"se with fraction", "sr=" + sr + "&sig=" + sig + "&se=2000000000.5&skn=send", "no whole number"},
		{"se broken", "sr=" + sr + "&sig=" + sig + "&se=%2&skn=send", "se has a broken percent escape"},
		{"sig broken", "sr=" + sr + "&sig=%zz&se=" + soon + "&skn=send", "sig has a broken percent escape"},
		{"skn broken", "sr=" + sr + "&sig=" + sig + "&se=" + soon + "&skn=%", "skn has a broken percent escape"},
		{"skn long", "sr=" + sr + "&sig=" + sig + "&se=" + soon + "&skn=" + strings.Repeat("a", 257), "more than 256 characters"},
		{"many fields", "sr=" + sr + "&sig=" + sig + "&se=" + soon + "&skn=send" + strings.Repeat("&x=", 13), "more than 16 fields"},
		{"long", "sr=" + sr + "&sig=" + sig + "&se=" + soon + "&skn=send&x=" + strings.Repeat("a", 8192), "at most 8192"},
	} {
		_, err := verify(v.text, sendOnly(), place(t, "localhost", "hyco"), noon)
		if !fail.Is(err, fail.MalformedToken) {
			t.Errorf("%s: got %v, want MalformedToken", v.name, err)
			continue
		}
		message := fail.Of(err).Message()
		if !strings.HasPrefix(message, "MalformedToken: The token ") || !strings.Contains(message, v.says) {
			t.Errorf("%s: message %q lacks %q", v.name, message, v.says)
		}
	}
	for _, text := range []string{
		"sr=" + sr + "&sig=" + sig + "&se=" + soon + "&skn=send" + strings.Repeat("&x=", 12),
		token(key, sr, soon, "send"),
	} {
		if _, err := verify(text, sendOnly(), place(t, "localhost", "hyco"), noon); err != nil {
			t.Errorf("mended token: %v", err)
		}
	}
}

// TestExpiry: good until se, to the second, however far away se is.
func TestExpiry(t *testing.T) {
	const sr = "http%3A%2F%2Flocalhost%2Fhyco"
	end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	text := token(key, sr, strconv.FormatInt(end.Unix(), 10), "send")
	p := place(t, "localhost", "hyco")
	for _, now := range []time.Time{end.Add(-time.Hour), end} {
		if c, err := verify(text, sendOnly(), p, now); err != nil || !c.Expires.Equal(end) {
			t.Errorf("at %s: %v, %v", now, c.Expires, err)
		}
	}
	_, err := verify(text, sendOnly(), p, end.Add(time.Nanosecond))
	const want = "ExpiredToken: The token is expired. Expiration time: '2026-01-01 00:00:00Z'."
	if !fail.Is(err, fail.ExpiredToken) || fail.Of(err).Message() != want {
		t.Errorf("got %v", err)
	}
	for _, se := range []string{"1795306190000", "253402300799", strings.Repeat("9", 40), "0002000000000"} {
		c, err := verify(token(key, sr, se, "send"), sendOnly(), p, noon)
		if err != nil || c.Expires.Year() > 9999 {
			t.Errorf("se %s: %v, %v", se, c.Expires, err)
		}
	}
	if _, err := verify(token(key, sr, "0", "send"), sendOnly(), p, noon); !fail.Is(err, fail.ExpiredToken) {
		t.Errorf("se 0: %v", err)
	}
}

// TestOrder: who cannot sign learns neither that a token has expired nor what it is good for.
func TestOrder(t *testing.T) {
	other := "http%3A%2F%2Fother%2Fx"
	p := place(t, "localhost", "hyco")
	if _, err := verify(token("wrong", other, "1", "send"), sendOnly(), p, noon); !fail.Is(err, fail.InvalidSignature) {
		t.Errorf("everything wrong: %v", err)
	}
	if _, err := verify(token(key, other, "1", "send"), sendOnly(), p, noon); !fail.Is(err, fail.ExpiredToken) {
		t.Errorf("expired and elsewhere: %v", err)
	}
}

func TestOtherSchemes(t *testing.T) {
	v, p := auth.NewSAS(), place(t, "localhost", "hyco")
	_, err := v.Verify(auth.Credential{}, sendOnly(), p, noon)
	if !fail.Is(err, fail.MissingToken) || fail.Of(err).Message() != "MissingToken: Relay security token is required." {
		t.Errorf("no credential: %v", err)
	}
	if _, err := v.Verify(auth.Credential{Scheme: "jwt", Text: "x"}, sendOnly(), p, noon); !fail.Is(err, fail.MalformedToken) {
		t.Errorf("another scheme: %v", err)
	}
}

// TestSecretsStayInside: neither credentials nor errors show a key or a signature.
func TestSecretsStayInside(t *testing.T) {
	text := token(key, "http%3A%2F%2Fevil%2Fhyco", soon, "send")
	c := auth.Credential{Scheme: auth.SAS, Text: text}
	shown := fmt.Sprintf("%s %v %+v", c, c, c) + c.LogValue().String()
	for _, now := range []time.Time{noon, noon.AddDate(100, 0, 0)} {
		_, err := verify(text, sendOnly(), place(t, "localhost", "hyco"), now)
		shown += fmt.Sprint(err, errors.Unwrap(err))
	}
	_, err := verify("SharedAccessSignature sig="+url.QueryEscape(sign(key, "x", "1")), sendOnly(), place(t, "localhost", "hyco"), noon)
	shown += fmt.Sprint(err)
	for _, secret := range []string{key, "sig=", sign(key, "http%3A%2F%2Fevil%2Fhyco", soon), sign(key, "x", "1")} {
		if strings.Contains(shown, secret) {
			t.Errorf("%q is shown in %s", secret, shown)
		}
	}
}
