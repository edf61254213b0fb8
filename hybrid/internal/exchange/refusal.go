package exchange

import (
	"bytes"
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/wsa"
)

// Refusal is an answer that a listener makes itself, to a request with an id. Its reason has the shape of the SDKs' own (reference
// section 5) and is told again in the body, as the gateway does in its errors: most people see only that. A sender of SOAP gets it as a
// fault, since clients of WCF read nothing else. address is where the listener listens, https://host/path without a port.
func Refusal(o *wire.Offer, address string, status int, text string) (head *wire.Response, body []byte) {
	head = &wire.Response{RequestID: o.ID, Status: status, HasReason: true, Reason: wire.ListenerReason(text, o.ID, address, time.Now())}
	kind, body := fault(o.Fields, status, head.Reason)
	if body == nil {
		code := strings.ReplaceAll(http.StatusText(status), " ", "")
		kind, body = "application/json", wire.AppendErrorBody(nil, cmp.Or(code, "Rejected"), head.Reason)
	}
	head.Fields = shape.Fields{{Name: "Content-Type", Value: kind}}
	return head, body
}

// fault is the reason for a sender of SOAP text, by what its header fields say: the message may not have come yet. A body of nil: it
// sent none. XML is SOAP 1.1 where it comes with an action; SOAP 1.2 is answered with WS-Addressing, as the bindings of WCF have it,
// unless its content type names the action, which messages with addressing leave out.
func fault(fields shape.Fields, status int, reason string) (kind string, body []byte) {
	enc, err := encoder.Select(fields.Get("Content-Type"))
	if err != nil || enc.Form != soap.Text || enc.Version == soap.V11 && !fields.Has("SOAPAction") {
		return "", nil
	}
	p := wsa.Properties{Version: wsa.None}
	if _, named := enc.Type.Param("action"); enc.Version == soap.V12 && !named {
		p.Version = wsa.V10
	}
	code := soap.Receiver
	if status < http.StatusInternalServerError {
		code = soap.Sender
	}
	m, send, err := p.Answer(soap.Refuse(enc.Version, code, reason))
	if err != nil || !send {
		return "", nil
	}
	answer := encoder.Encoding{Version: enc.Version, Form: soap.Text}
	var out bytes.Buffer
	if answer.Encode(&out, m, nil) != nil {
		return "", nil
	}
	return answer.ContentType(""), out.Bytes()
}
