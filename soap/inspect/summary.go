package inspect

import "github.com/causeway-relay/causeway/soap/infoset"

// Namespaces of envelopes and of addressing headers.
const (
	soap11 = "http://schemas.xmlsoap.org/soap/envelope/"
	soap12 = "http://www.w3.org/2003/05/soap-envelope"
	wsa10  = "http://www.w3.org/2005/08/addressing"
	wsa04  = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
	// wsaNone is where WCF puts To and Action when a binding has no addressing.
	wsaNone = "http://schemas.microsoft.com/ws/2005/05/addressing/none"
)

func clark(n *infoset.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

// summary looks for the things a person looks for.
func (t *tree) summary() Summary {
	s := Summary{Elements: t.elements}
	root := t.root()
	if root == nil {
		return s
	}
	s.Root = clark(root.name)
	switch {
	case root.name.Is(soap11, "Envelope"):
		s.Version = "SOAP 1.1"
	case root.name.Is(soap12, "Envelope"):
		s.Version = "SOAP 1.2"
	default:
		return s
	}
	if header := root.child("Header"); header != nil {
		s.headers(header)
	}
	s.Root = "empty body"
	if first := root.child("Body").child(); first != nil {
		s.Root = clark(first.name)
		if first.name.Is(root.name.Space, "Fault") {
			s.Fault = fault(first)
		}
	}
	return s
}

func (s *Summary) headers(header *node) {
	for _, h := range header.kids {
		if h.kind != infoset.StartElement {
			continue
		}
		var to *string
		if h.name.Space == wsa10 || h.name.Space == wsa04 || h.name.Space == wsaNone {
			to = map[string]*string{"Action": &s.Action, "To": &s.To, "MessageID": &s.MessageID, "RelatesTo": &s.RelatesTo}[h.name.Local]
		}
		if to == nil {
			s.Headers = append(s.Headers, h.name.Local)
			continue
		}
		*to = h.value()
	}
}

// fault gives the innermost code and the first reason of a fault of either
// version.
func fault(n *node) string {
	code := n.child("faultcode").value()
	reason := n.child("faultstring").value()
	if c := n.child("Code"); c != nil {
		for c != nil {
			code = c.child("Value").value()
			c = c.child("Subcode")
		}
		reason = n.child("Reason").child("Text").value()
	}
	return code + ": " + reason
}
