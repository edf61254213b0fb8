package load

import (
	"embed"
)

// schemas holds our own short forms of the schemas that descriptions import without saying where they are.
//
//go:embed wellknown/*.xsd
var schemas embed.FS

// known maps a namespace to the file that has its components.
var known = map[string]string{
	"http://www.w3.org/XML/1998/namespace":                                               "xml",
	"http://schemas.xmlsoap.org/soap/encoding/":                                          "soap11enc",
	"http://www.w3.org/2003/05/soap-encoding":                                            "soap12enc",
	"http://schemas.xmlsoap.org/soap/envelope/":                                          "soap11env",
	"http://www.w3.org/2003/05/soap-envelope":                                            "soap12env",
	"http://www.w3.org/2005/08/addressing":                                               "wsa10",
	"http://schemas.xmlsoap.org/ws/2004/08/addressing":                                   "wsa04",
	"http://www.w3.org/2005/05/xmlmime":                                                  "xmime",
	"http://www.w3.org/2004/11/xmlmime":                                                  "xmime04",
	"http://www.w3.org/2004/08/xop/include":                                              "xop",
	"http://ws-i.org/profiles/basic/1.1/xsd":                                             "swaref",
	"http://schemas.microsoft.com/2003/10/Serialization/":                                "msser",
	"http://schemas.microsoft.com/2003/10/Serialization/Arrays":                          "msarrays",
	"http://www.w3.org/2001/XMLSchema":                                                   "xsd",
	"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd":  "wsse",
	"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd": "wsu",
}

// wellKnown gives the schema of a namespace that comes with this package, nil if none does.
func wellKnown(space string) []byte {
	name, ok := known[space]
	if !ok {
		return nil
	}
	content, err := schemas.ReadFile("wellknown/" + name + ".xsd")
	if err != nil {
		return nil // a test reads each
	}
	return content
}

// WellKnown reports whether the schema of a namespace comes with this package: XML's own, SOAP's envelopes and encodings, WS-Addressing,
// WS-Security, MIME, XOP, Microsoft's serialization and arrays, and XML Schema itself.
func WellKnown(space string) bool { return known[space] != "" }
