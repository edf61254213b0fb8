package wssec

import (
	"slices"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// Security is a Security header (WS-Security 1.1, 5), as far as this package knows
// it.
type Security struct {
	Timestamp *Timestamp
	Username  *UsernameToken
	Binary    []*BinarySecurityToken
	// Unknown names what else the header holds: signatures, tokens of other kinds,
	// references. A node that must understand the header cannot, if there are any.
	Unknown []infoset.Name
}

// BinarySecurityToken is a token in bytes (WS-Security 1.1, 6.3): a certificate, a
// ticket.
type BinarySecurityToken struct {
	ID        string
	ValueType string
	// Value holds the bytes: some of these tokens are all that is needed to act as
	// their owner.
	Value Secret
}

// ultimate is how SOAP 1.2 writes the role that no role means (part 1, 2.2).
const ultimate = soap.Namespace12 + "/role/ultimateReceiver"

// isFor reports whether h is a Security header for the node that plays role.
func isFor(h *soap.Header, role string) bool {
	of := h.Role
	if of == ultimate {
		of = ""
	}
	return of == role && h.Name().Is(NamespaceSecext, "Security")
}

// Find gives the Security header for the node that plays role, empty for the
// ultimate receiver; nil if there is none. Two for one role are an *Error (5).
func Find(m *soap.Message, role string) (*soap.Header, error) {
	var found *soap.Header
	for _, h := range m.Headers {
		if !isFor(h, role) {
			continue
		}
		if found != nil {
			return nil, invalid("two Security headers for one role")
		}
		found = h
	}
	return found, nil
}

// Strip takes out all Security headers for the node that plays role, and gives
// their number.
func Strip(m *soap.Message, role string) int {
	before := len(m.Headers)
	m.Headers = slices.DeleteFunc(m.Headers, func(h *soap.Header) bool { return isFor(h, role) })
	return before - len(m.Headers)
}

// Read reads a Security header. It refuses what would be ambiguous: a second
// Timestamp or UsernameToken, or a second part of one of them. The error is an
// *Error.
func Read(h *soap.Header) (*Security, error) {
	if !h.Name().Is(NamespaceSecext, "Security") {
		return nil, invalid("no Security header")
	}
	s := &Security{}
	r := h.Reader()
	if _, err := r.Next(); err != nil {
		return nil, broken(err)
	}
	if err := children(r, func(start *infoset.Token) error { return s.readChild(r, start) }); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Security) readChild(r infoset.Reader, start *infoset.Token) (err error) {
	switch n := start.Name; {
	case n.Is(NamespaceUtility, "Timestamp"):
		if s.Timestamp != nil {
			return twice(n)
		}
		s.Timestamp, err = readTimestamp(r, start)
	case n.Is(NamespaceSecext, "UsernameToken"):
		if s.Username != nil {
			return twice(n)
		}
		s.Username, err = readUsername(r, start)
	case n.Is(NamespaceSecext, "BinarySecurityToken"):
		var b *BinarySecurityToken
		b, err = readBinary(r, start)
		s.Binary = append(s.Binary, b)
	default:
		s.Unknown = append(s.Unknown, *n)
		err = skip(r)
	}
	return err
}

func readBinary(r infoset.Reader, start *infoset.Token) (*BinarySecurityToken, error) {
	typ, _ := start.Attr("", "ValueType")
	b := &BinarySecurityToken{ID: ident(start), ValueType: typ.String()}
	value, err := octets(r, start)
	b.Value = NewSecret(string(value))
	return b, err
}

func (b *BinarySecurityToken) write(w infoset.Writer, secextPrefix, utilityPrefix string) {
	name, id := secext("BinarySecurityToken"), utility("Id")
	name.Prefix, id.Prefix = secextPrefix, utilityPrefix
	w.Start(name)
	if b.ID != "" {
		w.Attr(id, infoset.String(b.ID))
	}
	attr(w, "ValueType", b.ValueType)
	attr(w, "EncodingType", encodingBase64)
	w.Text(infoset.Bytes([]byte(b.Value.Reveal())))
	w.End()
}

// Header makes a Security header of s, without Unknown, that must be understood.
// WCF puts it last in a message and declares prefix u for NamespaceUtility on the
// envelope (soap.Message.Declare).
func (s *Security) Header() (*soap.Header, error) {
	h, err := soap.NewHeader(func(w infoset.Writer) error {
		w.Start(secext("Security"))
		if s.Timestamp != nil {
			s.Timestamp.write(w)
		}
		for _, b := range s.Binary {
			b.write(w, "o", "u")
		}
		if s.Username != nil {
			s.Username.write(w)
		}
		w.End()
		return w.Err()
	})
	if err != nil {
		return nil, err
	}
	h.MustUnderstand = true
	return h, nil
}
