package wssec

import "github.com/causeway-relay/causeway/soap/infoset"

const (
	// NamespaceSecext is that of Security and the tokens (WS-Security 1.1, 2.2).
	NamespaceSecext = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	// NamespaceUtility is that of Timestamp, Created, Expires and attribute Id.
	NamespaceUtility = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	// NamespaceRelay is that of RelayAccessToken.
	NamespaceRelay = "http://schemas.microsoft.com/netservices/2009/05/servicebus/connect"

	profile = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
	// encodingBase64 is the only encoding of binary content, and the default (6.3).
	encodingBase64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
	// valueRelay is the ValueType of relay tokens, SWT and SAS alike.
	valueRelay = "http://schemas.xmlsoap.org/ws/2009/11/swt-token-profile-1.0"
)

// secext and utility make names as WCF writes them.
func secext(local string) *infoset.Name {
	return &infoset.Name{Prefix: "o", Local: local, Space: NamespaceSecext, Dict: infoset.Shared}
}

func utility(local string) *infoset.Name {
	return &infoset.Name{Prefix: "u", Local: local, Space: NamespaceUtility, Dict: infoset.Shared}
}

// attr writes an attribute without namespace, if it has a value.
func attr(w infoset.Writer, local, value string) {
	if value != "" {
		w.Attr(&infoset.Name{Local: local, Dict: infoset.Shared}, infoset.String(value))
	}
}

// identify writes attribute Id, if there is one.
func identify(w infoset.Writer, id string) {
	if id != "" {
		w.Attr(utility("Id"), infoset.String(id))
	}
}

// leaf writes an element that holds nothing but v.
func leaf(w infoset.Writer, n *infoset.Name, v infoset.Value) {
	w.Start(n)
	w.Text(v)
	w.End()
}
