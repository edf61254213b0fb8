package auth_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// encode writes a text as a client may: every byte raw, in upper or lower hex, a blank as plus. Bytes that would end the
// field are always escaped.
func encode(t *rapid.T, s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		raw := plain || strings.IndexByte(":/.-_~$", c) >= 0
		switch n := rapid.IntRange(0, 2).Draw(t, "how"); {
		case raw && n > 0:
			b.WriteByte(c)
		case c == ' ' && n == 1:
			b.WriteByte('+')
		case n == 2:
			fmt.Fprintf(&b, "%%%02x", c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// randomCase changes the case of letters.
func randomCase(t *rapid.T, s string) string {
	b := []byte(s)
	for i, c := range b {
		if (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') && rapid.Bool().Draw(t, "flip") {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}

// TestAnySpellingVerifies: whatever a signer does with encoding, case, order, scheme, port and depth, the token that it
// signed is good; and with one byte of its key, audience or expiry changed it is not.
func TestAnySpellingVerifies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		segments := rapid.SliceOfN(rapid.StringMatching(`[a-z0-9][a-z0-9 _-]{0,6}[a-z0-9]`), 1, 4).Draw(t, "segments")
		depth := rapid.IntRange(0, len(segments)).Draw(t, "depth")
		at, err := entity.NewAddress("", strings.Join(segments, "/"))
		if err != nil {
			t.Fatal(err)
		}
		audience := rapid.SampledFrom([]string{"http", "https", "sb", "ws", "wss", "amqps"}).Draw(t, "scheme") + "://relay.example" +
			rapid.SampledFrom([]string{"", ":443", ":8443"}).Draw(t, "port") +
			rapid.SampledFrom([]string{"/", "/$hc/"}).Draw(t, "mark") + strings.Join(segments[:depth], "/") +
			rapid.SampledFrom([]string{"", "/"}).Draw(t, "slash")
		sr := encode(t, randomCase(t, audience))
		se := strconv.FormatInt(noon.Unix()+rapid.Int64Range(0, 1e9).Draw(t, "ttl"), 10)
		secret := rapid.StringMatching(`[A-Za-z0-9+/]{1,80}=?`).Draw(t, "key")

		keys := []entity.Secret{"other", "another"}
		keys[rapid.IntRange(0, 1).Draw(t, "which key")] = entity.Secret(secret)
		scope := auth.Scope{Namespace: []entity.Rule{rule("signer", entity.Send, keys[0], keys[1])}}
		if rapid.Bool().Draw(t, "entity rule") {
			scope.Entity = []entity.Rule{rule("Signer", entity.Listen, "wrong", "")}
		}
		write := func(sr, se, sig string) string {
			fields := []string{
				randomCase(t, "sr") + "=" + sr, randomCase(t, "sig") + "=" + url.QueryEscape(sig),
				randomCase(t, "se") + "=" + se, randomCase(t, "skn") + "=" + randomCase(t, "signer"), "",
			}
			text := strings.Join(rapid.Permutation(fields).Draw(t, "order"), "&")
			return rapid.SampledFrom([]string{"", "SharedAccessSignature ", "sharedaccesssignature  "}).Draw(t, "word") + text
		}
		p := auth.Place{At: at, Host: "relay.example:8443"}
		c, err := verify(write(sr, se, sign(secret, sr, se)), scope, p, noon)
		if err != nil {
			t.Fatalf("audience %q: %v", audience, err)
		}
		if want := strings.Join(segments[:depth], "/"); c.Prefix.Path != want || c.Rights != entity.Send {
			t.Fatalf("claims %+v, want prefix %q", c, want)
		}
		for name, text := range map[string]string{
			"key":      write(sr, se, sign(secret+"x", sr, se)),
			"audience": write(sr+"%20", se, sign(secret, sr, se)),
			"expiry":   write(sr, "0"+se, sign(secret, sr, se)),
			"encoding": write(strings.Replace(sr, "e", "%65", 1)+"%2F", se, sign(secret, sr, se)),
		} {
			if _, err := verify(text, scope, p, noon); !fail.Is(err, fail.InvalidSignature) {
				t.Fatalf("another %s: %v", name, err)
			}
		}
	})
}

// FuzzSAS: whatever arrives, the answer is claims or one of the documented errors, and what is accepted was signed with
// the key for a place that the standard library's parser finds too.
func FuzzSAS(f *testing.F) {
	const sr = "http%3A%2F%2Flocalhost%2Fhyco%2F"
	f.Add(token(key, sr, soon, "send"), "hyco")
	f.Add(token(key, "sb://localhost:8443", "1", "SEND"), "hyco/deep")
	f.Add("sr=%&sig=%&se=%&skn=%", "")
	f.Add("SharedAccessSignature ", "a")
	f.Add("Bearer eyJh.e30.x", "a")
	f.Add(token(key, "localhost%2Fhyco", soon, "send"), "hyco")
	f.Add(token(key, "http%3A%2F%2F%5B%3A%3A1%5D%2F", soon, "send"), "hyco")
	f.Add("&&&=&==&sr&sig&se&skn", "a")
	f.Fuzz(func(t *testing.T, text, path string) {
		at, err := entity.NewAddress("", path)
		if err != nil {
			return
		}
		p := auth.Place{At: at, Host: "localhost:8443", Hosts: []string{"[::1]:1"}}
		c, err := verify(text, sendOnly(), p, noon)
		if err != nil {
			checkError(t, err)
			return
		}
		if c.Rule != "send" || !at.Within(c.Prefix) || c.Expires.Before(noon) {
			t.Fatalf("claims %+v of %q", c, text)
		}
		again := map[string]string{}
		_, rest, ok := strings.Cut(strings.TrimSpace(text), " ")
		if !ok || strings.Contains(strings.SplitN(text, " ", 2)[0], "=") {
			rest = text
		}
		for field := range strings.SplitSeq(strings.TrimSpace(rest), "&") {
			name, value, _ := strings.Cut(field, "=")
			again[strings.ToLower(name)] = value
		}
		sig, _ := url.PathUnescape(again["sig"])
		if strings.ReplaceAll(sig, " ", "+") != sign(key, again["sr"], again["se"]) {
			t.Fatalf("%q was not signed with the key", text)
		}
	})
}

// FuzzAudience signs whatever is to be fuzzed, so that the fuzzer gets past the signature.
func FuzzAudience(f *testing.F) {
	for _, s := range []string{
		"http%3A%2F%2Flocalhost%2Fhyco", "sb://localhost:1", "localhost/hyco", "http://%5B%3A%3A1%5D/$hc/hyco?x#y", "a://b@localhost:x:y//%252e",
		"http://localhost%", "://", "http://localhost/$hcx", "http://[localhost/hyco", "http://localhost/hyco%2500",
	} {
		f.Add(s, "hyco")
	}
	f.Fuzz(func(t *testing.T, sr, path string) {
		at, err := entity.NewAddress("", path)
		if err != nil || strings.Contains(sr, "&") {
			return
		}
		p := auth.Place{At: at, Host: "localhost:8443", Hosts: []string{"[::1]:1"}}
		c, err := verify("skn=send&se="+soon+"&sig="+url.QueryEscape(sign(key, sr, soon))+"&sr="+sr, sendOnly(), p, noon)
		if err != nil {
			checkError(t, err)
			return
		}
		decoded, err := url.QueryUnescape(sr)
		if err != nil {
			t.Fatalf("%q was accepted and does not decode", sr)
		}
		if u, err := url.Parse(decoded); err == nil && !strings.EqualFold(strings.TrimSuffix(u.Hostname(), "."), "localhost") && u.Hostname() != "::1" {
			t.Fatalf("%q was accepted for host %q", sr, u.Hostname())
		}
		if !at.Within(c.Prefix) {
			t.Fatalf("%q gives %q, which does not cover %q", sr, c.Prefix, at)
		}
	})
}

func checkError(t *testing.T, err error) {
	t.Helper()
	var e *fail.Error
	if !errors.As(err, &e) {
		t.Fatalf("error of kind %T: %v", err, err)
	}
	switch e.Code {
	case fail.MalformedToken, fail.InvalidSignature, fail.ExpiredToken, fail.InvalidAudience:
	default:
		t.Fatalf("code %s", e.Code)
	}
	if !strings.HasPrefix(e.Text, string(e.Code)+": ") || len(e.Text) > 900 || strings.ContainsAny(e.Text, "\r\n\x00") {
		t.Fatalf("text %q", e.Text)
	}
}

// BenchmarkVerify checks one token: for the first time, and again as a sender of many requests has it.
func BenchmarkVerify(b *testing.B) {
	text := token(key, "http%3A%2F%2Flocalhost%2Fhyco%2F", soon, "send")
	p, s := place(b, "localhost:8443", "hyco/deep"), sendOnly()
	c := auth.Credential{Scheme: auth.SAS, Text: text}
	for name, next := range map[string]func(auth.Verifier) auth.Verifier{
		"first": func(auth.Verifier) auth.Verifier { return auth.NewSAS() },
		"again": func(v auth.Verifier) auth.Verifier { return v },
	} {
		b.Run(name, func(b *testing.B) {
			v := auth.NewSAS()
			b.ReportAllocs()
			for b.Loop() {
				v = next(v)
				if _, err := v.Verify(c, s, p, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestVerifyAllocations keeps the price of a token in sight: four HMACs are nearly all of it the first time, the audience is what is
// left of it afterwards.
func TestVerifyAllocations(t *testing.T) {
	text := token(key, "http%3A%2F%2Flocalhost%2Fhyco%2F", soon, "send")
	p, s, v := place(t, "localhost:8443", "hyco/deep"), sendOnly(), auth.NewSAS()
	c := auth.Credential{Scheme: auth.SAS, Text: text}
	for _, row := range []struct {
		name string
		most float64
		next func()
	}{{"first", 34, func() { v = auth.NewSAS() }}, {"again", 0, func() {}}} {
		got := testing.AllocsPerRun(100, func() {
			row.next()
			if _, err := v.Verify(c, s, p, noon); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%s: %v", row.name, got)
		if got > row.most {
			t.Errorf("%s: %v allocations a token, at most %v are meant", row.name, got, row.most)
		}
	}
}

// TestVerifyAgain: a token that was good is judged as if it had never been seen, whatever has changed meanwhile.
func TestVerifyAgain(t *testing.T) {
	text := token(key, "http%3A%2F%2Flocalhost%2Fhyco%2F", soon, "send")
	c := auth.Credential{Scheme: auth.SAS, Text: text}
	p := place(t, "localhost:8443", "hyco/deep")
	good := sendOnly()
	signing := append(slices.Clone(good.Entity), good.Namespace...)[0]
	with := func(change func(*entity.Rule)) []entity.Rule {
		r := signing
		change(&r)
		return []entity.Rule{r}
	}
	late := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name  string
		scope auth.Scope
		place auth.Place
		now   time.Time
		code  fail.Code
	}{
		{"the same", good, p, noon, ""},
		{"the key was changed", auth.Scope{Entity: with(func(r *entity.Rule) { r.Primary, r.Secondary = "other", "" })}, p, noon, fail.InvalidSignature},
		{"the key moved", auth.Scope{Entity: with(func(r *entity.Rule) { r.Primary, r.Secondary = "other", r.Primary })}, p, noon, ""},
		{"the rule is gone", auth.Scope{}, p, noon, fail.InvalidSignature},
		{"now the namespace's", auth.Scope{Namespace: []entity.Rule{signing}}, p, noon, ""},
		{"other rights", auth.Scope{Entity: with(func(r *entity.Rule) { r.Rights = entity.Listen })}, p, noon, ""},
		{"the entity has one of that name too", auth.Scope{Entity: with(func(*entity.Rule) {}), Namespace: []entity.Rule{signing}}, p, noon, ""},
		{"another place", good, place(t, "localhost:8443", "other"), noon, fail.InvalidAudience},
		{"expired", good, p, late, fail.ExpiredToken},
	} {
		fresh, freshErr := auth.NewSAS().Verify(c, row.scope, row.place, row.now)
		v := auth.NewSAS()
		for _, before := range []auth.Scope{good, {Namespace: []entity.Rule{signing}}} {
			if _, err := v.Verify(c, before, p, noon); err != nil {
				t.Fatal(err)
			}
		}
		got, err := v.Verify(c, row.scope, row.place, row.now)
		if got != fresh || (err == nil) != (row.code == "") || err != nil && (!fail.Is(err, row.code) || err.Error() != freshErr.Error()) {
			t.Errorf("%s: %+v, %v; never seen: %+v, %v", row.name, got, err, fresh, freshErr)
		}
	}
}

// TestVerifyRemembersSoMany: more tokens than are remembered are all judged well, also at once.
func TestVerifyRemembersSoMany(t *testing.T) {
	p, s, v := place(t, "localhost:8443", "hyco/deep"), sendOnly(), auth.NewSAS()
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 1500 {
				c := auth.Credential{Scheme: auth.SAS, Text: token(key, fmt.Sprintf("http%%3A%%2F%%2Flocalhost%%2Fhyco%%2F%%3F%d", (i+worker)%1200), soon, "send")}
				if _, err := v.Verify(c, s, p, noon); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// Example shows what an entry and the relay do with a token.
func Example() {
	scope := auth.Scope{Entity: []entity.Rule{{Name: "send", Rights: entity.Send, Primary: "dGVzdC1rZXk="}}}
	at, _ := entity.NewAddress("", "/hyco/orders")
	cred := auth.Credential{Scheme: auth.SAS, Text: "SharedAccessSignature sr=sb%3A%2F%2Flocalhost%3A8443%2Fhyco" +
		"&sig=R7RKE7IkSHlof4PMilylxjngenVfNWouPN8FOVuxmNU%3D&se=2000000000&skn=send"}
	claims, err := auth.NewSAS().Verify(cred, scope, auth.Place{At: at, Host: "localhost:8443"}, time.Unix(1_900_000_000, 0))
	fmt.Println(claims.Rule, claims.Rights, claims.Prefix, err)
	fmt.Println(cred)
	// Output:
	// send Send hyco <nil>
	// sas ***
}
