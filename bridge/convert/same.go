package convert

import (
	"bytes"
	"strings"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// What this file does: a sender that may use any binding (AnySOAP) may use the service's own. Nothing is to be converted then, and
// signatures hold.

// spoken reports whether what was read up to its body is in the service's binding, and finds its action. That has to be certain: the
// content type, the version and the addressing are the service's, and so is the address, if messages have to name one. A message that no
// change would survive keeps its own address: it may be signed.
func (call *Call) spoken(m *soap.Message, in *Message) bool {
	c, p := call.c, &call.props
	to := &c.To
	switch {
	case !c.From.Any || to.Framed || m.Version != to.Version || p.Version != to.Addressing,
		call.enc.Form != to.Form || call.enc.Compression != "" || call.enc.Form == soap.Text && !call.inUTF8(in.Body),
		p.Version != wsa.None && p.Action == "":
		return false
	}
	action, err := call.asks(m, in.SOAPAction)
	if err != nil {
		return false
	}
	if call.o.Named && p.To != "" && p.To != call.o.To && endures(m, action) == nil {
		return false
	}
	call.action = action
	call.OneWay = call.OneWay || c.isOneWay(action)
	return true
}

// inUTF8 reports whether text is in the encoding that WCF's services of text read unless they are told otherwise. Where the content type
// does not say so, the document has to begin without a word about it (XML 1.0, appendix F).
func (call *Call) inUTF8(body []byte) bool {
	if call.enc.Charset != xmltext.UTF8 {
		return false
	}
	charset, said := call.enc.Type.Param("charset")
	if said {
		charset = strings.Trim(charset, " '")
		return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
	}
	return len(body) > 1 && body[0] == '<' && body[1] != 0 && !bytes.HasPrefix(body, []byte("<?xml"))
}
