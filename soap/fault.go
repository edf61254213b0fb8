package soap

import (
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Codes that both versions, or one of them, predefine (SOAP 1.1, 4.4.1; SOAP 1.2
// part 1, 5.4.6). In the model they have the names of 1.2; a fault of 1.1 is
// written with Client for Sender and Server for Receiver.
var (
	Sender              = xsd.QName{Prefix: "s", Space: Namespace12, Local: "Sender"}
	Receiver            = xsd.QName{Prefix: "s", Space: Namespace12, Local: "Receiver"}
	MustUnderstand      = xsd.QName{Prefix: "s", Space: Namespace12, Local: "MustUnderstand"}
	VersionMismatch     = xsd.QName{Prefix: "s", Space: Namespace12, Local: "VersionMismatch"}
	DataEncodingUnknown = xsd.QName{Prefix: "s", Space: Namespace12, Local: "DataEncodingUnknown"}
)

// Namespaces of fault codes that WCF makes.
const (
	// NamespaceDispatcher has InternalServiceFault, DeserializationFailed,
	// SessionTerminated, TransactionAborted.
	NamespaceDispatcher = "http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher"
	// ActionDispatcher is the action of faults with such a code.
	ActionDispatcher = NamespaceDispatcher + "/fault"
)

// Fault is the fault that the body of a message holds (SOAP 1.1, 4.4; SOAP 1.2
// part 1, 5.4), for both versions.
type Fault struct {
	// Code is a predefined code, or a peer's own: 1.1 allows that, and some peers
	// do it in 1.2.
	Code xsd.QName
	// Subcodes go from the outside inwards. 1.1 has none: see Write.
	Subcodes []xsd.QName
	// Reasons is the text in one or more languages. 1.1 has one.
	Reasons []Reason
	// Node is the URI of the node that made the fault. 1.2 only.
	Node string
	// Role is the URI of the role that node played; faultactor in 1.1.
	Role string
	// Detail is the element detail with all it holds; its own name does not
	// matter. A zero Detail is none.
	Detail Element
}

// Reason is the text of a fault in one language.
type Reason struct {
	// Lang is a language tag, empty for none or the invariant language.
	Lang string
	Text string
}

// NewFault makes a fault with one English reason.
func NewFault(code xsd.QName, reason string, subcodes ...xsd.QName) *Fault {
	return &Fault{Code: code, Subcodes: subcodes, Reasons: []Reason{{Lang: "en", Text: reason}}}
}

// SetDetail makes the detail of what write writes: any number of elements.
func (f *Fault) SetDetail(write func(infoset.Writer) error) error {
	e, err := MakeElement(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Local: "detail"})
		if err := write(w); err != nil {
			return err
		}
		w.End()
		return w.Err()
	})
	if err != nil {
		return err
	}
	f.Detail = e
	return nil
}

// Entries gives the elements of the detail.
func (f *Fault) Entries() []Element {
	if f.Detail.IsZero() {
		return nil
	}
	return f.Detail.Children()
}

// Effective gives the code that says most: the innermost that 1.1 would show, so
// that a caller need not care about the version. It is the first subcode, else
// the code.
func (f *Fault) Effective() xsd.QName {
	if len(f.Subcodes) > 0 {
		return f.Subcodes[0]
	}
	return f.Code
}

// Reason gives the text that fits lang best: the same tag, else one of the same
// language, else the invariant one, else the first. Tags are compared without
// case. It is empty if there is none.
func (f *Fault) Reason(lang string) string { return f.best(lang).Text }

func (f *Fault) best(lang string) (r Reason) {
	rank := -1
	for _, have := range f.Reasons {
		if n := fit(have.Lang, lang); n > rank {
			r, rank = have, n
		}
	}
	return r
}

// fit says how well a text in language have suits one who wants want.
func fit(have, want string) int {
	primary := func(tag string) string {
		tag, _, _ = strings.Cut(tag, "-")
		return tag
	}
	switch {
	case strings.EqualFold(have, want):
		return 4
	case have == "":
		return 1
	case want == "":
		return 0
	case strings.EqualFold(primary(have), want), strings.EqualFold(have, primary(want)):
		return 3
	case strings.EqualFold(primary(have), primary(want)):
		return 2
	}
	return 0
}

// Error gives code and reason, so that a fault can be an error.
func (f *Fault) Error() string {
	return "soap fault " + f.Effective().Local + ": " + f.Reason("en")
}

// predefined gives the code of the model for a name that v predefines. A name in
// no namespace counts: some peers forget the prefix.
func predefined(v Version, space, local string) (xsd.QName, bool) {
	if space != "" && space != v.Namespace() {
		return xsd.QName{}, false
	}
	switch local {
	case "Client":
		local = "Sender"
	case "Server":
		local = "Receiver"
	}
	for _, c := range [...]xsd.QName{Sender, Receiver, MustUnderstand, VersionMismatch, DataEncodingUnknown} {
		if c.Local == local {
			return c, true
		}
	}
	return xsd.QName{}, false
}

// wireCode gives the name that a code has on the wire of version v.
func wireCode(v Version, c xsd.QName) xsd.QName {
	if c.Space != Namespace12 || v == V12 {
		return c
	}
	c.Space = v.Namespace()
	switch c.Local {
	case "Sender":
		c.Local = "Client"
	case "Receiver":
		c.Local = "Server"
	}
	return c
}

// receiverCodes are codes without class whose class in 1.2 is Receiver, as WCF
// makes them; the other codes of their namespaces are of class Sender.
var receiverCodes = map[string]bool{"InternalServiceFault": true, "EndpointUnavailable": true, "ServerTooBusy": true}

// senderSpaces are namespaces whose other codes all blame the sender: WCF's
// dispatcher, addressing in its three forms, WS-Security in its two.
var senderSpaces = map[string]bool{
	NamespaceDispatcher:                                                                 true,
	"http://www.w3.org/2005/08/addressing":                                              true,
	"http://schemas.xmlsoap.org/ws/2004/08/addressing":                                  true,
	"http://schemas.microsoft.com/ws/2005/05/addressing/none":                           true,
	"http://schemas.microsoft.com/ws/2006/05/security":                                  true,
	"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd": true,
}

// class gives the predefined code that a code of a peer's own belongs under. 1.1
// extends its codes by a dot and a word (SOAP 1.1, 4.4.1).
func class(c xsd.QName) xsd.QName {
	if c.Space == Namespace11 {
		first, _, _ := strings.Cut(c.Local, ".")
		if known, ok := predefined(V11, c.Space, first); ok {
			return known
		}
	}
	if senderSpaces[c.Space] && !receiverCodes[c.Local] {
		return Sender
	}
	return Receiver
}

// converted gives f as it is in version to.
//
// To 1.2: a code of a peer's own becomes a subcode below the class it belongs to,
// as 1.2 wants a predefined code on top; faultactor stands for node and role, as
// in WCF. To 1.1 nothing is done here: Write leaves out what 1.1 has no place for.
func (f *Fault) converted(to Version) *Fault {
	c := *f
	for _, from := range [...]Version{V11, V12} {
		c.Detail.outer = rebind(nil, c.Detail.outer, from, to)
	}
	if to != V12 {
		return &c
	}
	if c.Code.Space != Namespace12 {
		c.Subcodes = append([]xsd.QName{c.Code}, c.Subcodes...)
		c.Code = class(f.Code)
	}
	if c.Node == "" {
		c.Node = c.Role
	}
	return &c
}
