package sas_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/hybrid/wire/sas"
)

// key is the key string of the reference's vectors (section 4.2).
const key = "dGVzdC1rZXk="

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const soon = "1780322400" // two hours later

func here() sas.Params {
	return sas.Params{Now: noon, Host: "relay.example.com:8443", Path: "plant/hyco", Rule: "send", Key: key}
}

func sign(key, sr, se string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(sr + "\n" + se))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// token signs sr, which is escaped already, and puts it in.
func token(key, sr, se string) string { return parts(sr, sign(key, sr, se), se) }

func parts(sr, sig, se string) string {
	return "SharedAccessSignature sr=" + sr + "&sig=" + url.QueryEscape(sig) + "&se=" + se + "&skn=send"
}

const good = "http%3A%2F%2Frelay.example.com%2Fplant%2Fhyco"

// TestGood: what a gateway takes has no problem, however it was carried here.
func TestGood(t *testing.T) {
	whole := wire.Sign("http://relay.example.com/plant/", "send", key, noon.Add(time.Hour))
	for _, text := range []string{
		token(key, good, soon), "  " + whole + "\n", "ServiceBusAuthorization: " + whole, "sb-hc-token=" + url.QueryEscape(whole),
		strings.TrimPrefix(whole, "SharedAccessSignature "), token(key, "sb://RELAY.example.com:443/$hc/PLANT", soon),
		token(key, strings.ToLower(good), soon), token(key, "http://relay.example.com/", soon),
	} {
		r := sas.Check(text, here())
		if len(r.Problems) > 0 || len(r.Notes) > 0 || r.Kind != sas.SAS || r.Signature != sas.Matches || r.Rule != "send" || r.Host == "" || r.Expires == nil {
			t.Errorf("%s: %+v", text, r)
		}
	}
	p := here()
	p.Key, p.Rule = "", ""
	if r := sas.Check(whole, p); r.Signature != sas.Unknown || len(r.Problems) > 0 || r.Path != "plant" || r.Audience != "http://relay.example.com/plant/" {
		t.Errorf("without a key: %+v", r)
	}
}

// TestProblems: each mistake is found, and only it.
func TestProblems(t *testing.T) {
	plain, _ := base64.StdEncoding.DecodeString(key)
	raw, _ := url.QueryUnescape(good)
	whole := token(key, good, soon)
	jwt := func(claims string) string {
		return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	const entra = "This is a JSON web token"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing":             {"", []string{"There is nothing to check."}},
		"long":                {strings.Repeat("x", 9000), []string{"This has 9000 bytes"}},
		"no token":            {"hello", []string{"This is no token"}},
		"connection string":   {"Endpoint=sb://relay.example.com/;SharedAccessKeyName=send;SharedAccessKey=" + key, []string{"This is a connection string"}},
		"quotes":              {`"` + whole + `"`, []string{"Quotes stand around"}},
		"bearer":              {"Bearer " + whole, []string{"The word Bearer"}},
		"line break":          {strings.Replace(whole, "&se", "\n&se", 1), []string{"A line break"}},
		"all escaped":         {url.QueryEscape(whole), []string{"The whole token is escaped"}},
		"no sr":               {"sig=" + url.QueryEscape(sign(key, good, soon)) + "&se=" + soon + "&skn=send", []string{"The field sr is missing"}},
		"no sig":              {"sr=" + good + "&se=" + soon + "&skn=send", []string{"The field sig is missing"}},
		"no se, no skn":       {"sr=" + good + "&sig=" + url.QueryEscape(sign(key, good, soon)), []string{"The field se is missing", "The field skn is missing"}},
		"twice":               {whole + "&se=1", []string{"The field se stands twice"}},
		"many":                {whole + strings.Repeat("&a=b", 20), []string{"more than 16 fields"}},
		"audience twice":      {token(key, url.QueryEscape(good), soon), []string{"The address in sr is escaped twice"}},
		"audience broken":     {token(key, "http%3", soon), []string{"The field sr has a broken percent escape"}},
		"no scheme":           {token(key, "relay.example.com%2Fplant", soon), []string{"The address has no scheme"}},
		"no host":             {token(key, "http%3A%2F%2F%2Fplant", soon), []string{"The address has no host"}},
		"other host":          {token(key, "http%3A%2F%2Fns1.servicebus.windows.net%2Fplant", soon), []string{"for the host ns1.servicebus.windows.net, not for relay.example.com"}},
		"other path":          {token(key, good+"x", soon), []string{"The token is for plant/hycox, which does not cover plant/hyco"}},
		"deeper path":         {token(key, good+"%2Fdeep", soon), []string{"which does not cover"}},
		"expired":             {token(key, good, "1780315140"), []string{"The token expired 1m0s ago"}},
		"expiry a word":       {token(key, good, "tomorrow"), []string{"The field se is no whole number"}},
		"expiry a duration":   {token(key, good, "3600"), []string{"The expiry seems to be a duration", "The token expired"}},
		"signature twice":     {parts(good, url.QueryEscape(sign(key, good, soon)), soon), []string{"The signature is escaped twice"}},
		"signature hex":       {parts(good, "00ff", soon), []string{"The signature is not the base64 text"}},
		"signature broken":    {"sr=" + good + "&sig=%zz&se=" + soon + "&skn=send", []string{"The field sig has a broken"}},
		"other key":           {token("b3RoZXI=", good, soon), []string{"The signature does not match the key."}},
		"key decoded":         {token(string(plain), good, soon), []string{"the key was decoded from base64"}},
		"signed plain":        {parts(good, sign(key, raw, soon), soon), []string{"the address was signed without its escapes"}},
		"signed escaped":      {parts(raw, sign(key, good, soon), soon), []string{"the address was signed with its escapes"}},
		"case of the escapes": {parts(good, sign(key, strings.NewReplacer("%3A", "%3a", "%2F", "%2f").Replace(good), soon), soon), []string{"the escapes were signed in another case"}},
		"signed lower":        {parts(strings.Replace(good, "relay", "Relay", 1), sign(key, strings.ToLower(good), soon), soon), []string{"the address was signed in lower case"}},
		"key with line end":   {token(key+"\n", good, soon), []string{"a line end stands behind the key"}},
		"no line end":         {parts(good, sign(key, good+"\n", soon), soon), []string{"the line end between address and expiry"}},
		"other rule":          {strings.Replace(whole, "skn=send", "skn=listen", 1), []string{"The token names the rule listen"}},
		"rule broken":         {strings.Replace(whole, "skn=send", "skn=%zz", 1), []string{"The field skn has a broken"}},
		"long rule":           {strings.Replace(whole, "skn=send", "skn="+strings.Repeat("a", 300), 1), []string{"The field skn has more than 256", "The token names the rule"}},
		"entra":               {jwt(`{"aud":["https://relay.azure.net/"],"exp":1780322400}`), []string{entra}},
		"entra not yet":       {"Bearer " + jwt(`{"aud":"a","exp":1780322400,"nbf":1780315260}`), []string{"The token is not good yet: it begins 1m0s from now", entra}},
		"entra expired":       {jwt(`{"exp":1780315100}`), []string{"The token expired 1m40s ago", entra}},
		"entra without end":   {jwt(`{}`), []string{"The token has no exp", entra}},
		"entra broken":        {"eyJhbGciOiJSUzI1NiJ9.%%.x", []string{"The second part"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := sas.Check(c.text, here())
			var got []string
			for _, p := range r.Problems {
				got = append(got, p.Problem)
				if p.Do == "" || strings.Contains(p.Problem+p.Do, key) {
					t.Errorf("%+v", p)
				}
			}
			if len(got) != len(c.want) {
				t.Fatalf("%q, want %q", got, c.want)
			}
			for i, want := range c.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("%q, want %q", got[i], want)
				}
			}
		})
	}
	if r := sas.Check(token(key, good, soon+"000"), here()); len(r.Problems) > 0 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0].Problem, "milliseconds") {
		t.Errorf("an expiry in milliseconds: %+v", r)
	}
}

// accepts asks the gateway's own verifier.
func accepts(text string) bool {
	p := here()
	at, err := entity.NewAddress("", p.Path)
	if err != nil {
		panic(err)
	}
	scope := auth.Scope{Namespace: []entity.Rule{{Name: p.Rule, Rights: entity.Send, Primary: entity.Secret(p.Key)}}}
	_, err = auth.NewSAS().Verify(auth.Credential{Scheme: auth.SAS, Text: text}, scope, auth.Place{At: at, Host: p.Host}, p.Now)
	return err == nil
}

// TestFieldTokens: the tokens that scripts in many languages made are judged as the gateway judges them.
func TestFieldTokens(t *testing.T) {
	b, err := os.ReadFile("../../../gateway/auth/testdata/tokens.tsv")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(b)) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(cells) != 3 {
			continue
		}
		seen++
		r := sas.Check(cells[1], sas.Params{Now: noon, Host: "localhost:8080", Path: "hyco", Rule: "send", Key: key})
		if good := strings.HasPrefix(cells[2], "accept"); good != (len(r.Problems) == 0) {
			t.Errorf("%s (%s): %+v", cells[0], cells[2], r.Problems)
		}
	}
	if seen < 15 {
		t.Errorf("%d tokens in the file", seen)
	}
}

// FuzzCheck: nothing that the gateway takes has a problem, nothing is repeated that is secret, and texts fit a terminal.
func FuzzCheck(f *testing.F) {
	f.Add(token(key, good, soon), false)
	f.Add("sb://relay.example.com:443/$hc/PLANT", true)
	f.Add(good+"%2F", true)
	f.Add("http://a@relay.example.com./plant?x=1#y", true)
	f.Add("Endpoint=sb://a/;SharedAccessKey="+key, false)
	f.Add("eyJhbGciOiJSUzI1NiJ9.e30.x", false)
	f.Add("sr%3D&sig=%&se=99999999999999999999&skn=%zz", false)
	f.Fuzz(func(t *testing.T, text string, isAudience bool) {
		if isAudience && !strings.Contains(text, "&") { // signed, so that it gets past the signature
			text = token(key, text, soon)
		}
		r := sas.Check(text, here())
		if accepts(text) && len(r.Problems) > 0 {
			t.Fatalf("the gateway takes %q: %+v", text, r.Problems)
		}
		_, sig, _ := strings.Cut(text, "&sig=")
		sig, _, _ = strings.Cut(sig, "&")
		for _, said := range append(r.Problems, sas.Problem{Problem: r.Audience, Do: r.Rule}) {
			line := said.Problem + said.Do
			if strings.ContainsAny(line, "\r\n\x00\x1b") || len(sig) > 40 && strings.Contains(line, sig) {
				t.Fatalf("said of %q: %q", text, line)
			}
		}
	})
}

func Example() {
	r := sas.Check("SharedAccessSignature sr=http%3A%2F%2Flocalhost%2Fhyco&sig=R7RKE7IkSHlof4PMilylxjngenVfNWouPN8FOVuxmNU%3D&se="+
		strconv.Itoa(1_000_000_000)+"&skn=send", sas.Params{Now: time.Unix(1_000_000_060, 0), Host: "localhost", Path: "hyco"})
	fmt.Println(r.Rule, r.Host, r.Path)
	for _, p := range r.Problems {
		fmt.Println(p.Problem)
	}
	// Output:
	// send localhost hyco
	// The token expired 1m0s ago, at 2001-09-09T01:46:40Z.
}

// TestOtherPathAdvice: the advice names a whole address, also when nothing says which gateway is meant.
func TestOtherPathAdvice(t *testing.T) {
	whole := wire.Sign("http://relay.example.com/plant", "send", key, noon.Add(time.Hour))
	for host, want := range map[string]string{
		"": "sign for http://relay.example.com/other", "relay.example.com:8443": "sign for http://relay.example.com/other",
	} {
		r := sas.Check(whole, sas.Params{Now: noon, Host: host, Path: "other"})
		if len(r.Problems) != 1 || r.Problems[0].Do != want {
			t.Errorf("host %q: %+v, want %q", host, r.Problems, want)
		}
	}
}
