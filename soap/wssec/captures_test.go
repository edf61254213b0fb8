package wssec

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// TestCapturedUsers reads every Security header that .NET and CoreWCF sent over
// https, checks it, and makes those without signatures again: they are the same.
func TestCapturedUsers(t *testing.T) {
	files, err := filepath.Glob("../testdata/captures/dotnet/https-*user*/*.hex")
	if err != nil {
		t.Fatal(err)
	}
	users, stamps, signed := 0, 0, 0
	for _, file := range files {
		for _, m := range httpMessages(t, file) {
			h, err := Find(m, "")
			if err != nil {
				t.Fatal(err)
			}
			if h == nil {
				continue
			}
			s, err := Read(h)
			if err != nil || s.Timestamp == nil {
				t.Fatalf("%s: %v", file, err)
			}
			stamps++
			checkTimes(t, s.Timestamp)
			if s.Username != nil {
				users++
				checkUser(t, s.Username, !strings.Contains(file, "-wrong"))
			}
			if len(s.Unknown) > 0 {
				signed++
				continue
			}
			again, err := s.Header()
			if err != nil {
				t.Fatal(err)
			}
			if got, want := canonical(t, again, m.Version), canonical(t, plainScope(t, h, m.Version), m.Version); got != want {
				t.Errorf("%s: made\n%s\nwant\n%s", file, got, want)
			}
			if n := Strip(m, ""); n != 1 || slices.Contains(m.Headers, h) {
				t.Errorf("%s: %d stripped", file, n)
			}
		}
	}
	if users < 10 || stamps < 20 || signed < 5 {
		t.Errorf("%d users, %d timestamps, %d with signatures", users, stamps, signed)
	}
}

// plainScope takes the declarations of the envelope, which a block keeps, out of h:
// what it uses itself is declared where it is used.
func plainScope(t *testing.T, h *soap.Header, v soap.Version) *soap.Header {
	t.Helper()
	out, err := soap.NewHeader(func(w infoset.Writer) error {
		r := h.Reader()
		for {
			tok, err := r.Next()
			if err != nil {
				return w.Err()
			}
			if tok.Kind == infoset.StartElement {
				c := tok.Clone()
				c.Decls = nil
				tok = &c
			}
			if err := infoset.Write(w, tok); err != nil {
				return err
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	out.MustUnderstand = h.MustUnderstand
	return out
}

func checkTimes(t *testing.T, s *Timestamp) {
	t.Helper()
	if s.Expires.Sub(s.Created) != DefaultLife || s.ID != "_0" {
		t.Errorf("%+v", s)
	}
	for at, want := range map[time.Duration]Code{
		0: "", DefaultLife + DefaultSkew - 1: "", -DefaultSkew: "",
		DefaultLife + DefaultSkew: MessageExpired, -DefaultSkew - 1: InvalidSecurity,
	} {
		if got := codeOf(t, s.Check(s.Created.Add(at), DefaultSkew)); got != want {
			t.Errorf("%v behind the creation: %q, want %q", at, got, want)
		}
	}
}

func checkUser(t *testing.T, u *UsernameToken, good bool) {
	t.Helper()
	if u.Username != "alice" || u.Kind != PasswordText || !strings.HasPrefix(u.ID, "uuid-") {
		t.Errorf("%+v", u)
	}
	if got := codeOf(t, u.Check(NewSecret("secret"), time.Time{}, 0)); (got == "") != good || !good && got != FailedAuthentication {
		t.Errorf("password: %q, want good %v", got, good)
	}
}

// TestCapturedRelayToken reads the token that the relay's client library sent, and
// makes the same header.
func TestCapturedRelayToken(t *testing.T) {
	raw := capture(t, "testdata/redirect-5.0.0.c02-tcp9352.hex", ">")
	raw = raw[bytes.IndexByte(raw, 1)+1:] // the preamble ends with the first 1
	n := binary.LittleEndian.Uint32(raw)
	doc := raw[4 : 4+n]
	m, err := soap.Read(xmlbin.NewBytes(doc, xmlbin.Options{Quotas: infoset.Buffered()}), soap.V12, soap.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	token, ok, err := RelayToken(m)
	if err != nil || !ok || !strings.HasPrefix(token.Reveal(), "SharedAccessSignature sr=http%3a%2f%2fns1.relay.example%2f") || !strings.Contains(token.Reveal(), "&skn=") {
		t.Fatalf("%q %v %v", token.Reveal(), ok, err)
	}
	h := m.Find(NamespaceRelay, "RelayAccessToken")
	id, _ := h.Children()[0].Attr(NamespaceUtility, "Id")
	made, err := NewRelayHeader(token, id.String())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := canonical(t, made, m.Version), canonical(t, plainScope(t, h, m.Version), m.Version); got != want {
		t.Errorf("made\n%s\nwant\n%s", got, want)
	}
	if n := StripRelayToken(m); n != 1 {
		t.Errorf("%d stripped", n)
	}
	if _, ok, err := RelayToken(m); ok || err != nil {
		t.Errorf("stripped: %v %v", ok, err)
	}
}
