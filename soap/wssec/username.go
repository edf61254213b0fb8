package wssec

import (
	"crypto/sha1" // what the profile says (3.1); the transport is what protects
	"encoding/base64"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// PasswordKind says what Password of a UsernameToken is.
type PasswordKind uint8

// Kinds.
const (
	// PasswordNone: there is no password.
	PasswordNone PasswordKind = iota
	// PasswordText: the password itself. Only a transport that is protected may
	// carry it.
	PasswordText
	// PasswordDigest: base64 of SHA-1 over nonce, created and password.
	PasswordDigest
)

// types are the values of attribute Type.
var types = [...]string{PasswordText: profile + "#PasswordText", PasswordDigest: profile + "#PasswordDigest"}

// UsernameToken names a user and proves it (UsernameToken Profile 1.1, 3).
type UsernameToken struct {
	ID       string
	Username string
	Kind     PasswordKind
	// Password is the password or its digest, as Kind says.
	Password Secret
	// Nonce and Created go into a digest, and may go with a text. The caller keeps
	// the nonces of the last minutes (DefaultLife and the skew on both sides) and
	// refuses one that comes again.
	Nonce []byte
	// Created is in its lexical form, which is what was digested; empty: none.
	Created string
}

// NewUsernameToken makes a token with the password itself.
func NewUsernameToken(username string, password Secret) *UsernameToken {
	return &UsernameToken{Username: username, Kind: PasswordText, Password: password}
}

// NewDigestToken makes a token with a digest. nonce is random, of 16 bytes or more.
func NewDigestToken(username string, password Secret, nonce []byte, created time.Time) *UsernameToken {
	t := &UsernameToken{Username: username, Kind: PasswordDigest, Nonce: nonce, Created: formatTime(created)}
	t.Password = t.digest(password)
	return t
}

func (t *UsernameToken) digest(password Secret) Secret {
	h := sha1.New()
	h.Write(t.Nonce)
	h.Write([]byte(t.Created))
	h.Write([]byte(password.Reveal()))
	return NewSecret(base64.StdEncoding.EncodeToString(h.Sum(nil)))
}

// Check tells whether the token proves that its sender knows password. now and
// skew count where the token says when it was made, which a digest must: it is
// good for DefaultLife. Whether the nonce was there before is the caller's to see.
// The error is an *Error.
func (t *UsernameToken) Check(password Secret, now time.Time, skew time.Duration) error {
	want := password
	switch t.Kind {
	case PasswordText:
	case PasswordDigest:
		if len(t.Nonce) == 0 || t.Created == "" {
			return &Error{Code: InvalidSecurityToken, Detail: "a digest needs Nonce and Created"}
		}
		want = t.digest(password)
	default:
		return &Error{Code: FailedAuthentication, Detail: "no password"}
	}
	if !t.Password.Equal(want) {
		return &Error{Code: FailedAuthentication, Detail: "wrong password"}
	}
	if t.Created == "" {
		return nil
	}
	created, err := readTime(infoset.String(t.Created))
	if err != nil {
		return err
	}
	return (&Timestamp{Created: created}).Check(now, skew)
}

// readUsername reads the element start, which was just opened.
func readUsername(r infoset.Reader, start *infoset.Token) (*UsernameToken, error) {
	t := &UsernameToken{ID: ident(start)}
	seen := map[string]bool{}
	err := children(r, func(start *infoset.Token) (err error) {
		name := *start.Name
		known := name.Is(NamespaceUtility, "Created") || name.Space == NamespaceSecext &&
			(name.Local == "Username" || name.Local == "Password" || name.Local == "Nonce")
		if !known {
			return skip(r)
		}
		if seen[name.Local] {
			return twice(&name)
		}
		seen[name.Local] = true
		switch name.Local {
		case "Username":
			t.Username, err = text(r)
		case "Password":
			err = t.readPassword(r, start)
		case "Nonce":
			t.Nonce, err = octets(r, start)
		case "Created":
			t.Created, err = text(r)
			t.Created = strings.Trim(t.Created, " \t\r\n")
		}
		return err
	})
	if err == nil && t.Username == "" {
		err = &Error{Code: InvalidSecurityToken, Detail: "a UsernameToken without Username"}
	}
	return t, err
}

// readPassword reads the element start. Without Type it is the text; the .NET
// client sends it so over net.tcp. Old stacks write a name for the URI.
func (t *UsernameToken) readPassword(r infoset.Reader, start *infoset.Token) error {
	v, _ := start.Attr("", "Type")
	kind := v.String()
	if i := strings.LastIndexAny(kind, "#:"); i >= 0 && (kind[:i] == profile || !strings.Contains(kind[:i], "/")) {
		kind = kind[i+1:]
	}
	password, err := text(r)
	if err != nil {
		return err
	}
	switch kind {
	case "", "PasswordText":
		t.Kind = PasswordText
	case "PasswordDigest":
		t.Kind, password = PasswordDigest, strings.Trim(password, " \t\r\n")
	default:
		return &Error{Code: UnsupportedSecurityToken, Detail: "a password that is neither text nor digest"}
	}
	t.Password = NewSecret(password)
	return nil
}

func (t *UsernameToken) write(w infoset.Writer) {
	w.Start(secext("UsernameToken"))
	identify(w, t.ID)
	leaf(w, secext("Username"), infoset.String(t.Username))
	if t.Kind == PasswordText || t.Kind == PasswordDigest {
		w.Start(secext("Password"))
		attr(w, "Type", types[t.Kind])
		w.Text(infoset.String(t.Password.Reveal()))
		w.End()
	}
	if len(t.Nonce) > 0 {
		w.Start(secext("Nonce"))
		attr(w, "EncodingType", encodingBase64)
		w.Text(infoset.Bytes(t.Nonce))
		w.End()
	}
	if t.Created != "" {
		leaf(w, utility("Created"), infoset.String(t.Created))
	}
	w.End()
}
