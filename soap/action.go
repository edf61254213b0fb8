package soap

import "github.com/causeway-relay/causeway/soap/internal/percent"

// HTTPAction is the action that an HTTP message tells beside its envelope.
type HTTPAction struct {
	// Value is the action, empty if the header was there and empty.
	Value string
	// There tells that there was one at all.
	There bool
}

// ReadAction finds the action of an HTTP message of version v: the values of its
// header SOAPAction (SOAP 1.1, 6.1.1), with or without quotes; in 1.2 the
// parameter action of its content type (RFC 3902, 2), else SOAPAction, as some
// peers go on sending that. An error is an *Error: SOAPAction twice with
// different values, quotes that do not fit, two sources that differ.
func ReadAction(v Version, t *MediaType, soapAction []string) (HTTPAction, error) {
	var a HTTPAction
	for i, raw := range soapAction {
		value, err := percent.Unquote(raw)
		if err != nil {
			return HTTPAction{}, refuse(v, Sender, "SOAPAction: "+err.Error())
		}
		if i > 0 && value != a.Value {
			return HTTPAction{}, refuse(v, Sender, "two headers SOAPAction with different values")
		}
		a = HTTPAction{Value: value, There: true}
	}
	if v != V12 || t == nil {
		return a, nil
	}
	value, ok := t.Param("action")
	if !ok {
		return a, nil
	}
	if a.Value != "" && value != "" && !SameAction(a.Value, value) {
		return HTTPAction{}, refuse(v, Sender, "header SOAPAction and the action parameter of the content type differ")
	}
	return HTTPAction{Value: value, There: true}, nil
}

// QuoteAction gives the value of the header SOAPAction for an action: always in
// quotes, as WCF writes it. What a header or the quotes cannot hold is
// percent-encoded; then percent signs are too, so that SameAction finds the action
// again. An action that needs none of it is sent as it is.
func QuoteAction(action string) string { return percent.Quote(action) }

// SameAction reports whether an action told by HTTP and one in the envelope are the
// same. The first may be percent-encoded, as it passes through HTTP (WCF decodes
// it before it compares).
func SameAction(http, envelope string) bool {
	return http == envelope || percent.Decode(http) == envelope
}
