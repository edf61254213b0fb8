package wssec

import (
	"strings"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// relayToken is the local name of the header that carries a relay's token.
const relayToken = "RelayAccessToken"

// maxRelayToken bounds the text of a relay token in bytes. A SAS has about 250; the
// whole message of a control channel has at most 64 KiB.
const maxRelayToken = 16 << 10

// RelayToken gives the token text that a message carries for the relay, in UTF-8;
// ok is false if it carries none. The error is an *Error: a header that holds no
// token, or more than one.
func RelayToken(m *soap.Message) (token Secret, ok bool, err error) {
	for _, h := range m.Headers {
		if !h.Name().Is(NamespaceRelay, relayToken) {
			continue
		}
		if ok {
			return Secret{}, false, invalid("two RelayAccessToken headers")
		}
		if token, err = readRelay(h); err != nil {
			return Secret{}, false, err
		}
		ok = true
	}
	return token, ok, nil
}

func readRelay(h *soap.Header) (Secret, error) {
	var found *BinarySecurityToken
	r := h.Reader()
	if _, err := r.Next(); err != nil {
		return Secret{}, broken(err)
	}
	err := children(r, func(start *infoset.Token) (err error) {
		switch {
		case !start.Name.Is(NamespaceSecext, "BinarySecurityToken"):
			return skip(r)
		case found != nil:
			return twice(start.Name)
		}
		found, err = readBinary(r, start)
		return err
	})
	if err != nil {
		return Secret{}, err
	}
	if found == nil {
		return Secret{}, invalid("a RelayAccessToken without BinarySecurityToken")
	}
	return found.Value, checkRelay(found.Value.Reveal())
}

// checkRelay checks that a token is what HTTP could carry in its place: text, and
// not much of it.
func checkRelay(token string) error {
	isControl := func(c rune) bool { return c < ' ' || c == 0x7F }
	switch {
	case token == "":
		return &Error{Code: InvalidSecurityToken, Detail: "an empty relay token"}
	case len(token) > maxRelayToken:
		return &Error{Code: InvalidSecurityToken, Detail: "a relay token of more than 16 KiB"}
	case !utf8.ValidString(token) || strings.ContainsFunc(token, isControl):
		return &Error{Code: InvalidSecurityToken, Detail: "a relay token that is no text"}
	}
	return nil
}

// StripRelayToken takes the relay's token out of a message, so that a listener
// does not see it, and gives the number of headers removed. Messages that are
// relayed as bytes are stripped with package rewrite.
func StripRelayToken(m *soap.Message) int { return m.Remove(NamespaceRelay, relayToken) }

// NewRelayHeader makes the header for a token; id is "uuid:" and a GUID, or empty.
func NewRelayHeader(token Secret, id string) (*soap.Header, error) {
	return soap.NewHeader(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Local: relayToken, Space: NamespaceRelay})
		b := BinarySecurityToken{ID: id, ValueType: valueRelay, Value: token}
		b.write(w, "wsse", "wsu")
		w.End()
		return w.Err()
	})
}
