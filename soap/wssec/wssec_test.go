package wssec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/soap"
)

var now = time.Date(2026, 7, 1, 10, 0, 0, 123_000_000, time.UTC)

// digestByOpenSSL is of nonce 0123456789abcdef, now and secret.
const digestByOpenSSL = "YFYR9UTQd6Lo8eGV3ZiVg8IreWI="

// TestTimestampsAreUTC is the case of that name.
func TestTimestampsAreUTC(t *testing.T) {
	summer := time.FixedZone("CEST", 2*60*60)
	h, err := (&Security{Timestamp: NewTimestamp(now.In(summer))}).Header()
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$`)
	for i, want := range []time.Time{now, now.Add(DefaultLife)} {
		e := h.Children()[0].Children()[i]
		at, err := time.Parse(time.RFC3339, e.Text())
		if !pattern.MatchString(e.Text()) || err != nil || !at.Equal(want) || e.Name().Space != NamespaceUtility {
			t.Errorf("%s: %s, want %v", e.Name().Local, e.Text(), want)
		}
	}
	doc, err := os.ReadFile("testdata/offset.xml")
	if err != nil {
		t.Fatal(err)
	}
	m := parse(t, string(doc))
	found, err := Find(m, "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Read(found)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Timestamp.Check(time.Date(2026, 7, 1, 10, 3, 0, 0, time.UTC), DefaultSkew); err != nil {
		t.Errorf("good: %v", err)
	}
	err = s.Timestamp.Check(time.Date(2026, 7, 1, 10, 20, 1, 0, time.UTC), DefaultSkew)
	if codeOf(t, err) != MessageExpired {
		t.Errorf("expired: %v", err)
	}
}

// TestTimes holds which times are good.
func TestTimes(t *testing.T) {
	stamp := func(created, expires string) string {
		s := `<o:Security><u:Timestamp>`
		if created != "" {
			s += `<u:Created>` + created + `</u:Created>`
		}
		if expires != "" {
			s += `<u:Expires>` + expires + `</u:Expires>`
		}
		return s + `</u:Timestamp></o:Security>`
	}
	tests := []struct {
		name, created, expires string
		want                   Code
	}{
		{"in UTC", "2026-07-01T10:00:00Z", "2026-07-01T10:05:00Z", ""},
		{"white space", " 2026-07-01T10:00:00Z\n", "2026-07-01T10:05:00Z", ""},
		{"offset", "2026-07-01T15:30:00+05:30", "2026-07-01T10:05:00Z", ""},
		{"no zone is UTC", "2026-07-01T10:00:00", "2026-07-01T10:05:00", ""},
		{"seven digits", "2026-07-01T10:00:00.1234567Z", "", ""},
		{"no expiry", "2026-07-01T09:59:00Z", "", ""},
		{"no expiry, old", "2026-07-01T09:49:00Z", "", MessageExpired},
		{"no creation", "", "2026-07-01T10:05:00Z", ""},
		{"no time", "", "", InvalidSecurity},
		{"backwards", "2026-07-01T10:05:00Z", "2026-07-01T10:00:00Z", InvalidSecurity},
		{"at once", "2026-07-01T10:00:00Z", "2026-07-01T10:00:00Z", InvalidSecurity},
		{"future", "2026-07-01T10:06:00Z", "2026-07-01T10:16:00Z", InvalidSecurity},
		{"past", "2026-07-01T09:00:00Z", "2026-07-01T09:05:00Z", MessageExpired},
		{"no date", "10:00:00Z", "", InvalidSecurity},
		{"no such day", "2026-02-30T10:00:00Z", "", InvalidSecurity},
		{"year 10000", "2026-07-01T10:00:00Z", "10000-07-01T10:00:00Z", InvalidSecurity},
		{"twice", "2026-07-01T10:00:00Z</u:Created><u:Created>2026-07-01T10:00:00Z", "", InvalidSecurity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Read(header(t, stamp(tt.created, tt.expires)))
			if err == nil {
				err = s.Timestamp.Check(now, DefaultSkew)
			}
			if got := codeOf(t, err); got != tt.want {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// TestDigest holds the digest of the profile: SHA-1 over the bytes of the nonce and
// the text of created and password. The figure was made with openssl.
func TestDigest(t *testing.T) {
	nonce := []byte("0123456789abcdef")
	u := NewDigestToken("alice", NewSecret("secret"), nonce, now)
	if u.Created != "2026-07-01T10:00:00.123Z" || u.Password.Reveal() != digestByOpenSSL {
		t.Errorf("created %s digest %s", u.Created, u.Password.Reveal())
	}
	for _, via := range []func(testing.TB, *soap.Header) *soap.Header{
		func(_ testing.TB, h *soap.Header) *soap.Header { return h }, throughBinary,
	} {
		h, err := (&Security{Username: u}).Header()
		if err != nil {
			t.Fatal(err)
		}
		s, err := Read(via(t, h))
		if err != nil {
			t.Fatal(err)
		}
		got := s.Username
		if got.Kind != PasswordDigest || !bytes.Equal(got.Nonce, nonce) || got.Created != u.Created {
			t.Errorf("%+v", got)
		}
		checks := []struct {
			password string
			at       time.Duration
			want     Code
		}{
			{"secret", 0, ""},
			{"secret", DefaultLife + DefaultSkew, MessageExpired},
			{"secret", -DefaultSkew - 1, InvalidSecurity},
			{"wrong", 0, FailedAuthentication},
			{"", 0, FailedAuthentication},
			{digestByOpenSSL, 0, FailedAuthentication},
		}
		for _, c := range checks {
			if code := codeOf(t, got.Check(NewSecret(c.password), now.Add(c.at), DefaultSkew)); code != c.want {
				t.Errorf("%s at %v: %q, want %q", c.password, c.at, code, c.want)
			}
		}
	}
	for _, missing := range []UsernameToken{
		{Kind: PasswordDigest, Password: u.Password, Created: u.Created}, {Kind: PasswordDigest, Password: u.Password, Nonce: nonce},
	} {
		if code := codeOf(t, missing.Check(NewSecret("secret"), now, 0)); code != InvalidSecurityToken {
			t.Errorf("half a digest: %q", code)
		}
	}
}

// TestUsernameForms reads the forms of peers, and refuses what is ambiguous.
func TestUsernameForms(t *testing.T) {
	digest := `<o:Nonce>` + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef")) + `</o:Nonce><u:Created>2026-07-01T10:00:00.123Z</u:Created>`
	name := `<o:Username>alice</o:Username>`
	tests := []struct {
		name, inside string
		read, check  Code
	}{
		{"text", name + `<o:Password Type="` + types[PasswordText] + `">secret</o:Password>`, "", ""},
		{"no type", name + `<o:Password>secret</o:Password>`, "", ""},
		{"type by a name", name + `<o:Password Type="wsse:PasswordText">secret</o:Password>`, "", ""},
		{"bare type", name + `<o:Password Type="PasswordText">secret</o:Password>`, "", ""},
		{"digest", name + `<o:Password Type="` + types[PasswordDigest] + `"> ` + digestByOpenSSL + "\n</o:Password>" + digest, "", ""},
		{"in another order", digest + `<o:Password Type="` + types[PasswordDigest] + `">` + digestByOpenSSL + `</o:Password>` + name, "", ""},
		{"extensions", name + `<x:y xmlns:x="u">z</x:y><o:Password>secret</o:Password>`, "", ""},
		{"comment", name + `<o:Password>se<!-- c -->cret</o:Password>`, "", ""},
		{"stale text", name + `<o:Password>secret</o:Password><u:Created>2026-07-01T09:00:00Z</u:Created>`, "", MessageExpired},
		{"creation that is none", name + `<o:Password>secret</o:Password><u:Created>now</u:Created>`, "", InvalidSecurity},
		{"white space is part of a password", name + `<o:Password> secret</o:Password>`, "", FailedAuthentication},
		{"no password", name, "", FailedAuthentication},
		{"empty password", name + `<o:Password/>`, "", FailedAuthentication},
		{"digest as text", name + `<o:Password>` + digestByOpenSSL + `</o:Password>` + digest, "", FailedAuthentication},
		{"other type", name + `<o:Password Type="http://x/y#PasswordText">secret</o:Password>`, UnsupportedSecurityToken, ""},
		{"no name", `<o:Password>secret</o:Password>`, InvalidSecurityToken, ""},
		{"two names", name + name, InvalidSecurity, ""},
		{"two passwords", name + `<o:Password>secret</o:Password><o:Password>x</o:Password>`, InvalidSecurity, ""},
		{"nonce not in base64", name + `<o:Nonce>?</o:Nonce>`, InvalidSecurity, ""},
		{"nonce in hex", name + `<o:Nonce EncodingType="urn:hex">00</o:Nonce>`, UnsupportedSecurityToken, ""},
		{"text between", name + `secret`, InvalidSecurity, ""},
		{"element in the password", name + `<o:Password><b/></o:Password>`, InvalidSecurity, ""},
		{"many elements", name + strings.Repeat(`<b/>`, maxChildren), InvalidSecurity, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Read(header(t, `<o:Security><o:UsernameToken>`+tt.inside+`</o:UsernameToken></o:Security>`))
			if got := codeOf(t, err); got != tt.read {
				t.Fatalf("read: %v, want %q", err, tt.read)
			}
			if err != nil {
				if strings.Contains(err.Error(), "secret") {
					t.Errorf("the error quotes the password: %v", err)
				}
				return
			}
			if got := codeOf(t, s.Username.Check(NewSecret("secret"), now, DefaultSkew)); got != tt.check {
				t.Errorf("check: %q, want %q", got, tt.check)
			}
		})
	}
}

// TestSecurity holds the header as a whole.
func TestSecurity(t *testing.T) {
	full := &Security{
		Timestamp: NewTimestamp(now),
		Binary:    []*BinarySecurityToken{{ID: "b", ValueType: "urn:x509", Value: NewSecret("\x00\x01")}},
		Username:  NewUsernameToken("alice", NewSecret("a<b>&c")),
	}
	h, err := full.Header()
	if err != nil || !h.MustUnderstand {
		t.Fatal(err)
	}
	for _, h := range []*soap.Header{h, throughBinary(t, h)} {
		s, err := Read(h)
		if err != nil {
			t.Fatal(err)
		}
		if !s.Timestamp.Created.Equal(now) || len(s.Binary) != 1 || s.Binary[0].Value.Reveal() != "\x00\x01" || s.Binary[0].ValueType != "urn:x509" ||
			s.Binary[0].ID != "b" || s.Username.Check(NewSecret("a<b>&c"), now, 0) != nil || len(s.Unknown) != 0 {
			t.Errorf("%+v", s)
		}
	}
	s, err := Read(header(t, `<o:Security><x:Signature xmlns:x="u"><x:y/></x:Signature></o:Security>`))
	if err != nil || len(s.Unknown) != 1 || !s.Unknown[0].Is("u", "Signature") {
		t.Errorf("%+v %v", s, err)
	}
	for _, bad := range []string{
		`<o:Security><u:Timestamp/><u:Timestamp/></o:Security>`,
		`<o:Security>` + strings.Repeat(`<o:UsernameToken><o:Username>a</o:Username></o:UsernameToken>`, 2) + `</o:Security>`,
		`<o:Security>text</o:Security>`,
		`<o:Security><o:BinarySecurityToken>?</o:BinarySecurityToken></o:Security>`,
		`<o:Other/>`,
	} {
		if _, err := Read(header(t, bad)); codeOf(t, err) != InvalidSecurity {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestRoles: a header is for one node; two for one node are refused.
func TestRoles(t *testing.T) {
	m := soap.New(soap.V12)
	for _, role := range []string{"urn:a", ultimate, "urn:b", "urn:b"} {
		h, err := (&Security{}).Header()
		if err != nil {
			t.Fatal(err)
		}
		h.Role = role
		m.Headers = append(m.Headers, h)
	}
	for role, want := range map[string]int{"": 1, "urn:a": 0, "urn:c": -1} {
		h, err := Find(m, role)
		if err != nil || want < 0 && h != nil || want >= 0 && h != m.Headers[want] {
			t.Errorf("%q: %v %v", role, h, err)
		}
	}
	if _, err := Find(m, "urn:b"); codeOf(t, err) != InvalidSecurity {
		t.Errorf("two: %v", err)
	}
	if n := Strip(m, "urn:b"); n != 2 || len(m.Headers) != 2 {
		t.Errorf("%d stripped, %d left", n, len(m.Headers))
	}
	if n := Strip(m, ""); n != 1 || m.Headers[0].Role != "urn:a" {
		t.Errorf("%d stripped", n)
	}
}

// TestRelayToken holds what is refused of a relay token.
func TestRelayToken(t *testing.T) {
	wrap := func(token string) string {
		return `<r:RelayAccessToken><o:BinarySecurityToken>` + base64.StdEncoding.EncodeToString([]byte(token)) + `</o:BinarySecurityToken></r:RelayAccessToken>`
	}
	tests := []struct {
		name, block string
		want        Code
	}{
		{"good", wrap("SharedAccessSignature sr=a&sig=b"), ""},
		{"white space and extensions", "<r:RelayAccessToken> <x/>\n<o:BinarySecurityToken>\n YQ\n== </o:BinarySecurityToken></r:RelayAccessToken>", ""},
		{"empty", wrap(""), InvalidSecurityToken},
		{"longest", wrap(strings.Repeat("a", maxRelayToken)), ""},
		{"longer", wrap(strings.Repeat("a", maxRelayToken+1)), InvalidSecurityToken},
		{"line break", wrap("a\r\nb"), InvalidSecurityToken},
		{"bytes", wrap("\xFF"), InvalidSecurityToken},
		{"no token inside", `<r:RelayAccessToken/>`, InvalidSecurity},
		{"two tokens inside", `<r:RelayAccessToken>` + strings.Repeat(`<o:BinarySecurityToken>YQ==</o:BinarySecurityToken>`, 2) + `</r:RelayAccessToken>`, InvalidSecurity},
		{"two headers", wrap("a") + wrap("a"), InvalidSecurity},
		{"other encoding", `<r:RelayAccessToken><o:BinarySecurityToken EncodingType="urn:hex">00</o:BinarySecurityToken></r:RelayAccessToken>`, UnsupportedSecurityToken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, `<s:Envelope xmlns:s="`+soap.Namespace11+`" xmlns:o="`+NamespaceSecext+`" xmlns:r="`+NamespaceRelay+`"><s:Header>`+tt.block+`</s:Header><s:Body/></s:Envelope>`)
			token, ok, err := RelayToken(m)
			if codeOf(t, err) != tt.want || ok != (tt.want == "") || (token.Reveal() != "") != ok {
				t.Errorf("%v %v", ok, err)
			}
		})
	}
}

// TestSecretsAreHidden prints and encodes everything that holds a secret.
func TestSecretsAreHidden(t *testing.T) {
	type inner struct{ hidden Secret }
	secret := NewSecret("hunter2")
	u := NewUsernameToken("alice", secret)
	values := []any{secret, &secret, u, *u, &Security{Username: u}, &BinarySecurityToken{Value: secret}, inner{secret}, &inner{secret}, []Secret{secret}}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, "hunter2") || strings.Contains(out, "68756e74657232") {
				t.Errorf("%s of %T: %s", verb, v, out)
			}
		}
		if b, err := json.Marshal(v); err != nil || strings.Contains(string(b), "hunter2") {
			t.Errorf("json of %T: %s %v", v, b, err)
		}
	}
	if s := secret.String() + (Secret{}).Reveal(); s != "***" {
		t.Error(s)
	}
	if !secret.Equal(NewSecret("hunter2")) || secret.Equal(NewSecret("hunter")) || secret.Equal(Secret{}) || !(Secret{}).Equal(NewSecret("")) {
		t.Error("Equal")
	}
}

// TestRefuse: the fault has WCF's code in both versions, and tells nothing about a
// password.
func TestRefuse(t *testing.T) {
	u := NewUsernameToken("alice", NewSecret("a"))
	u.Kind = PasswordNone
	for _, token := range []*UsernameToken{NewUsernameToken("alice", NewSecret("a")), u} {
		wrong, ok := errors.AsType[*Error](token.Check(NewSecret("b"), now, 0))
		if !ok {
			t.Fatal("no *Error")
		}
		e := wrong.Refuse(soap.V11)
		if e.Fault.Code != soap.Sender || !e.Fault.Effective().Is(NamespaceSecext, "FailedAuthentication") || strings.Contains(e.Fault.Reason("en"), "password") {
			t.Errorf("%+v", e.Fault)
		}
	}
	e := invalid("two of them").Refuse(soap.V12)
	if e.Version != soap.V12 || e.Status != soap.StatusFault || e.Fault.Reason("en") != "two of them" {
		t.Errorf("%+v", e)
	}
	if explained := soap.Explain(e, soap.V11); explained != e {
		t.Errorf("%v", explained)
	}
}
