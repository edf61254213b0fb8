package tap

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// xmls are texts and what is shown of them.
var xmls = []struct{ name, text, want string }{
	{"no xml", "plain text, a < b", "plain text, a < b"},
	{"nothing to hide", "<a b='c'>text</a>", "<a b='c'>text</a>"},
	{"password", "<wsse:Password Type='x#PasswordText'>abc</wsse:Password>d", "<wsse:Password Type='x#PasswordText'>***</wsse:Password>d"},
	{"without prefix", "<Password>abc</Password>", "<Password>***</Password>"},
	{"other names", "<PasswordHint>abc</PasswordHint><MyPassword>d</MyPassword>", "<PasswordHint>abc</PasswordHint><MyPassword>d</MyPassword>"},
	{"empty", "<Password/>abc<Password />def", "<Password/>abc<Password />def"},
	{"slash in a value", "<Password Type='http://x/y'>abc</Password>", "<Password Type='http://x/y'>***</Password>"},
	{"cdata", "<Password><![CDATA[a<b]]></Password>c", "<Password><*********<****</Password>c"},
	{"token", "<t:RelayAccessToken><wsse:BinarySecurityToken>a b</wsse:BinarySecurityToken></t:RelayAccessToken>x", "<t:RelayAccessToken><****************************</wsse:BinarySecurityToken></t:RelayAccessToken>x"},
	{"two", "<Password>a</Password><x/><Password>b</Password>", "<Password>*</Password><x/><Password>*</Password>"},
	{"comment", "<!-- <Password>a</Password> -->", "<!-- <Password>*</Password> -->"},
	{"relay's token in To", "<a:To>http://h/e?x=1&amp;sb-hc-token=Shared%26x&amp;y=sb</a:To>", "<a:To>http://h/e?x=1&amp;sb-hc-token=**********&amp;y=sb</a:To>"},
	{"relay's token, whatever the case", "GET /e?SB-HC-Token=abc HTTP/1.1\r\nssb-hc-token=d'e", "GET /e?SB-HC-Token=*** HTTP/1.1\r\nssb-hc-token=*'e"},
	{"long name", "<" + strings.Repeat("a", 200) + ">x", "<" + strings.Repeat("a", 200) + ">x"},
}

// TestMask takes each text at once and byte by byte.
func TestMask(t *testing.T) {
	for _, row := range xmls {
		t.Run(row.name, func(t *testing.T) {
			whole := []byte(row.text)
			new(Mask).Apply(whole)
			if string(whole) != row.want {
				t.Errorf("at once: %s", whole)
			}
			pieces := []byte(row.text)
			var m Mask
			for i := range pieces {
				m.Apply(pieces[i : i+1])
			}
			if string(pieces) != row.want {
				t.Errorf("byte by byte: %s", pieces)
			}
		})
	}
}

// FuzzMask: cuts change nothing, lengths stay, and the content of a password is never shown.
func FuzzMask(f *testing.F) {
	for _, row := range xmls {
		f.Add([]byte(row.text), 3)
	}
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		whole, pieces := bytes.Clone(text), bytes.Clone(text)
		new(Mask).Apply(whole)
		cut = min(max(cut, 0), len(text))
		var m Mask
		m.Apply(pieces[:cut])
		m.Apply(pieces[cut:])
		if !bytes.Equal(whole, pieces) {
			t.Fatalf("a cut at %d changes %q to %q", cut, whole, pieces)
		}
		for i := range text {
			if whole[i] != text[i] && whole[i] != '*' {
				t.Fatalf("byte %d of %q became %q", i, text, whole[i])
			}
		}
		secret := []byte("\x01\x01")
		inside := bytes.Join([][]byte{bytes.ReplaceAll(text, secret[:1], []byte("x")), []byte("><Password>"), secret, []byte("</Password>")}, nil)
		new(Mask).Apply(inside)
		if bytes.Contains(inside, secret) {
			t.Fatalf("a password is shown behind %q", text)
		}
	})
}

// TestMaskTarget leaves everything but tokens byte for byte.
func TestMaskTarget(t *testing.T) {
	for target, want := range map[string]string{
		"/a":                                 "/a",
		"/a?":                                "/a?",
		"/a?b=c&&d":                          "/a?b=c&&d",
		"/a?sb-hc-token=x%20y&b=sb-hc-token": "/a?sb-hc-token=***&b=sb-hc-token",
		"/a?SB-HC-Token=x":                   "/a?SB-HC-Token=***",
		"/hub?access_token=x.y.z":            "/hub?access_token=***",
		"/a?token":                           "/a?token",
	} {
		if got := MaskTarget(target); got != want {
			t.Errorf("%s: %s", target, got)
		}
	}
}

// TestMaskFields keeps the kind of a credential.
func TestMaskFields(t *testing.T) {
	fields := shape.Fields{
		{Name: "AUTHORIZATION", Value: "Bearer abc"}, {Name: "Authorization", Value: "abc"}, {Name: "ServiceBusAuthorization", Value: "SharedAccessSignature sr=x"},
		{Name: "Set-Cookie", Value: "id=abc; Path=/"}, {Name: "Cookie", Value: "abc"}, {Name: "X-API-Key", Value: "k"}, {Name: "Accept", Value: "a b"},
	}
	want := shape.Fields{
		{Name: "AUTHORIZATION", Value: "Bearer ***"}, {Name: "Authorization", Value: "***"}, {Name: "ServiceBusAuthorization", Value: "SharedAccessSignature ***"},
		{Name: "Set-Cookie", Value: "id=***"}, {Name: "Cookie", Value: "***"}, {Name: "X-API-Key", Value: "***"}, {Name: "Accept", Value: "a b"},
	}
	if diff := cmp.Diff(want, MaskFields(fields)); diff != "" {
		t.Error(diff)
	}
}
