package wssec

import (
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// FuzzRead reads any header block: errors are of this package, and what is read is
// made and read again as the same.
func FuzzRead(f *testing.F) {
	o, u := `xmlns:o="`+NamespaceSecext+`"`, ` xmlns:u="`+NamespaceUtility+`"`
	f.Add(`<o:Security ` + o + u + `><u:Timestamp u:Id="_0"><u:Created>2026-07-01T10:00:00Z</u:Created><u:Expires>2026-07-01T10:05:00+02:00</u:Expires></u:Timestamp></o:Security>`)
	f.Add(`<o:Security ` + o + u + `><o:UsernameToken u:Id="a"><o:Username>a</o:Username><o:Password Type="PasswordDigest">YQ==</o:Password><o:Nonce>YQ==</o:Nonce><u:Created>2026-07-01T10:00:00</u:Created></o:UsernameToken></o:Security>`)
	f.Add(`<o:Security ` + o + `><o:BinarySecurityToken ValueType="v">YQ ==</o:BinarySecurityToken><x/></o:Security>`)
	f.Add(`<RelayAccessToken xmlns="` + NamespaceRelay + `"><o:BinarySecurityToken ` + o + `>YQ==</o:BinarySecurityToken></RelayAccessToken>`)
	f.Fuzz(func(t *testing.T, block string) {
		doc := `<s:Envelope xmlns:s="` + soap.Namespace12 + `"><s:Header>` + block + `</s:Header><s:Body/></s:Envelope>`
		m, err := soap.Read(xmltext.NewReader(strings.NewReader(doc), xmltext.Options{Quotas: infoset.Buffered()}), soap.V12, soap.Limits{})
		if err != nil || len(m.Headers) == 0 {
			return
		}
		if token, ok, err := RelayToken(m); err != nil {
			codeOf(t, err)
		} else if ok {
			relayAgain(t, token)
		}
		s, err := Read(m.Headers[0])
		if err != nil {
			codeOf(t, err)
			return
		}
		if s.Timestamp != nil {
			codeOf(t, s.Timestamp.Check(now, DefaultSkew))
		}
		if s.Username != nil {
			codeOf(t, s.Username.Check(NewSecret("a"), now, DefaultSkew))
		}
		securityAgain(t, s)
	})
}

func relayAgain(t *testing.T, token Secret) {
	t.Helper()
	h, err := NewRelayHeader(token, "")
	if err != nil {
		t.Fatal(err)
	}
	m := soap.New(soap.V12)
	m.Headers = []*soap.Header{h}
	if again, ok, err := RelayToken(m); err != nil || !ok || !again.Equal(token) {
		t.Fatalf("%q %v %v", again.Reveal(), ok, err)
	}
}

func securityAgain(t *testing.T, s *Security) {
	t.Helper()
	first, err := s.Header()
	if err != nil {
		t.Fatal(err)
	}
	read, err := Read(first)
	if err != nil {
		t.Fatal(err)
	}
	second, err := read.Header()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := canonical(t, first, soap.V12), canonical(t, second, soap.V12); a != b {
		t.Fatalf("%s\n%s", a, b)
	}
}
