package wsa

import "github.com/causeway-relay/causeway/soap"

// Reply gives the properties of the answer to a message with properties p (1.0
// core, 3.4; August 2004, 3.2), and whether one is to be sent at all: not to the
// address none. A fault goes to FaultTo, else like any answer to ReplyTo, else
// the way back. The caller gives the answer an identifier if it wants one. Where
// the answer goes is To: the anonymous address is the way back.
//
// The error is an *soap.Error: a reference whose parameters cannot be written. r is
// good for nothing then.
func (p *Properties) Reply(action string, fault bool) (r *Properties, send bool, err error) {
	r = &Properties{}
	send, err = p.reply(r, action, fault)
	return r, send, err
}

// reply makes r the answer's properties.
func (p *Properties) reply(r *Properties, action string, fault bool) (send bool, err error) {
	r.Version, r.Action, r.To, r.Session = p.Version, action, p.Version.Anonymous(), p.Session
	if p.MessageID != "" {
		r.RelatesTo = []Relation{{ID: p.MessageID}}
	}
	to := p.ReplyTo
	if fault && p.FaultTo != nil {
		to = p.FaultTo
	}
	if to == nil {
		return true, nil
	}
	r.To = to.Address
	if r.Parameters, err = to.headers(p.Version); err != nil {
		return false, soap.Explain(err, soap.None)
	}
	return !p.Version.IsNone(to.Address), nil
}

// Request gives the properties of a message to an endpoint.
func Request(v Version, to *EndpointReference, action string) (*Properties, error) {
	p := &Properties{Version: v, To: to.Address, Action: action}
	var err error
	p.Parameters, err = to.headers(v)
	return p, err
}
