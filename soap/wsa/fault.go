package wsa

import (
	"strconv"
	"time"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Invalid is the error for an addressing header that is wrong (1.0 SOAP binding,
// 6.4.1): InvalidAddressingHeader, and below it how, one of the standard's words:
// InvalidAddress, InvalidEPR, InvalidCardinality, MissingAddressInEPR,
// DuplicateMessageID, OnlyAnonymousAddressSupported,
// OnlyNonAnonymousAddressSupported; empty for none. local names the header. WCF
// has the same words in August 2004.
func (v Version) Invalid(in soap.Version, local, how, reason string) *soap.Error {
	return v.invalid(in, v.name(local), how, reason)
}

func (v Version) invalid(in soap.Version, header *infoset.Name, how, reason string) *soap.Error {
	subcodes := []xsd.QName{v.code("InvalidAddressingHeader")}
	if how != "" {
		subcodes = append(subcodes, v.code(how))
	}
	e := soap.Refuse(in, soap.Sender, reason, subcodes...)
	e.Path = "/Envelope/Header/" + header.Local
	return v.problemHeader(e, header)
}

func (v Version) required(in soap.Version, local string) *soap.Error {
	e := soap.Refuse(in, soap.Sender, "header "+local+" is required and missing", v.code("MessageAddressingHeaderRequired"))
	e.Path = "/Envelope/Header"
	return v.problemHeader(e, v.name(local))
}

// mismatch makes the error for an Action that is not the one of HTTP.
func (v Version) mismatch(in soap.Version) *soap.Error {
	e := soap.Refuse(in, soap.Sender, "the Action header and the action of the HTTP message differ", v.code("ActionMismatch"))
	e.Path = "/Envelope/Header/Action"
	return v.problemHeader(e, v.name("Action"))
}

// ActionNotSupported is the error for an action that no operation has.
func (v Version) ActionNotSupported(in soap.Version, action string) *soap.Error {
	e := soap.Refuse(in, soap.Sender, "action "+infoset.Clip(action)+" is not one of this endpoint's: compare the contracts and bindings of both sides", v.code("ActionNotSupported"))
	return v.detail(e, func(w infoset.Writer) {
		w.Start(v.name("ProblemAction"))
		w.Start(v.name("Action"))
		w.Text(infoset.String(action))
		w.End()
		w.End()
	})
}

// DestinationUnreachable is the error for a To that no endpoint has.
func (v Version) DestinationUnreachable(in soap.Version, to string) *soap.Error {
	e := soap.Refuse(in, soap.Sender, "no endpoint has the address "+infoset.Clip(to)+": check that the service listens there", v.code("DestinationUnreachable"))
	if v != V10 {
		return e
	}
	return v.detail(e, func(w infoset.Writer) {
		w.Start(v.name("ProblemIRI"))
		w.Text(infoset.String(to))
		w.End()
	})
}

// EndpointUnavailable is the error for an endpoint that cannot take the message
// now; retry is when it may, 0 for no word about that.
func (v Version) EndpointUnavailable(in soap.Version, retry time.Duration) *soap.Error {
	e := soap.Refuse(in, soap.Receiver, "the endpoint cannot take the message now: try again later", v.code("EndpointUnavailable"))
	if retry <= 0 {
		return e
	}
	return v.detail(e, func(w infoset.Writer) {
		w.Start(v.name("RetryAfter")) // milliseconds (1.0 SOAP binding, 6.4.5)
		w.Text(infoset.String(strconv.FormatInt(retry.Milliseconds(), 10)))
		w.End()
	})
}

// problemHeader says which header is meant.
func (v Version) problemHeader(e *soap.Error, header *infoset.Name) *soap.Error {
	local := "ProblemHeaderQName"
	if v != V10 {
		return e // August 2004 has the header itself, which may hold secrets
	}
	return v.detail(e, func(w infoset.Writer) {
		w.Start(v.name(local))
		w.Text(xsd.WriteQName(w, xsd.QName{Prefix: "a", Space: header.Space, Local: header.Local}))
		w.End()
	})
}

// detail adds what write writes: in SOAP 1.2 as the detail of the fault, in SOAP
// 1.1, where detail is for faults about the body, as the header FaultDetail (1.0
// SOAP binding, 6.3).
func (v Version) detail(e *soap.Error, write func(w infoset.Writer)) *soap.Error {
	if v != V10 && e.Version == soap.V11 {
		return e
	}
	if e.Version == soap.V12 {
		err := e.Fault.SetDetail(func(w infoset.Writer) error {
			write(w)
			return w.Err()
		})
		if err != nil { // a value with a character that XML does not allow
			e.Fault.Detail = soap.Element{}
		}
		return e
	}
	h, err := soap.NewHeader(func(w infoset.Writer) error {
		w.Start(v.name("FaultDetail"))
		write(w)
		w.End()
		return w.Err()
	})
	if err == nil {
		e.Headers = append(e.Headers, h)
	}
	return e
}

// Answer makes the message that refuses a message with properties p: the fault of
// e with its action, related to the message. It gives false if nothing is to be
// sent.
func (p *Properties) Answer(e *soap.Error) (*soap.Message, bool, error) {
	r, send, err := p.Reply(p.Version.FaultAction(e.Fault), true)
	if err != nil || !send {
		return nil, false, err
	}
	m := e.Message()
	return m, true, r.Write(m)
}
