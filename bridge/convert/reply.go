package convert

import (
	"errors"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/wsa"
)

// Reply converts what the service answered. fault tells that it is one: over HTTP its status is 500. An error is an *soap.Error, for
// Refuse; the sender has no answer then.
func (call *Call) Reply(in Message) (out Message, fault bool, err error) {
	t := take()
	out, fault, err = call.reply(t, in)
	t.give()
	if err != nil {
		return Message{}, false, call.blame(err)
	}
	return out, fault, nil
}

// blame makes a fault that is the service's doing, whatever the reader said about its sender.
func (call *Call) blame(err error) *soap.Error {
	reason := "the service's answer cannot be converted: "
	if e, ok := errors.AsType[*soap.Error](err); ok {
		reason += e.Fault.Reason("en")
	} else {
		reason += err.Error()
	}
	e := soap.Refuse(call.version, soap.Receiver, reason)
	e.Err = err
	return e
}

func (call *Call) reply(t *tools, in Message) (out Message, fault bool, err error) {
	c := call.c
	enc, err := encoder.Select(in.ContentType)
	if err != nil {
		return out, false, err
	}
	if err := in.open(call.version); err != nil {
		return out, false, err
	}
	m, err := c.decode(t, &enc, in.Body, call.o.Target)
	if err != nil {
		return out, false, err
	}
	if err := (&soap.Node{Intermediary: true}).Check(m); err != nil {
		return out, false, err
	}
	said, err := wsa.Read(m)
	if err != nil {
		return out, false, err
	}
	f, err := m.Fault()
	if err != nil {
		return out, false, err
	}
	if err := call.fits(said, f != nil); err != nil {
		return out, false, err
	}
	if err := endures(m, said.Action); err != nil {
		return out, false, err
	}
	(&soap.Node{Intermediary: true}).Forward(m)
	wsa.Strip(m)
	renameCodes(m, f, call.props.Version)
	if err := m.Convert(call.version); err != nil {
		return out, false, err
	}
	p, send, err := call.props.Reply(call.replyAction(said, f), f != nil)
	if err != nil || !send {
		return out, false, err
	}
	if err := p.Write(m); err != nil {
		return out, false, err
	}
	out, err = c.write(t, m, call.answering(), call.o.Sender, call.o.ID, call.props.Version, p.Action)
	return out, f != nil, err
}

// answering is the encoding of answers: the sender's, without its compression.
func (call *Call) answering() *encoder.Encoding {
	return &encoder.Encoding{Version: call.version, Form: call.enc.Form, Charset: call.enc.Charset}
}

// fits checks that a message of a session is the answer that is waited for. Mono's faults relate to nothing (WCF wire reference
// section 12); what relates to nothing and is no fault is a callback.
func (call *Call) fits(said *wsa.Properties, faulted bool) error {
	if !call.c.To.Framed || faulted || said.Version == wsa.None || said.Answers() == call.id {
		return nil
	}
	if said.Answers() == "" {
		return soap.Refuse(call.version, soap.Receiver, "the service calls its client back, for which an exchange has no place: let senders use "+call.c.To.Name)
	}
	return soap.Refuse(call.version, soap.Receiver, "the service answered another message")
}

// replyAction is the action of the answer. A service without addressing tells none: WCF's own rules make it then (WCF wire reference
// sections 7.5 and 8.2).
func (call *Call) replyAction(said *wsa.Properties, f *soap.Fault) string {
	v := call.props.Version
	switch {
	case f == nil && said.Action != "":
		return said.Action
	case f == nil:
		return call.action + "Response"
	case said.Version == v && said.Action != "":
		return said.Action
	case said.Action != "" && said.Action != said.Version.FaultAction(f):
		return said.Action // the contract's own
	case said.Action == "" && len(f.Entries()) == 1 && len(f.Subcodes) == 0:
		return call.action + f.Entries()[0].Name().Local + "Fault"
	}
	renamed := *f
	renamed.Code, renamed.Subcodes = codesOf(f, v)
	return v.FaultAction(&renamed)
}

// Refuse makes the answer to a sender whose message, or whose answer, could not be converted: a fault of its own version, encoding
// and addressing that tells the reason. send is false where nothing is to be sent, to a one-way message in a session for one. status
// is HTTP's.
func (call *Call) Refuse(err error) (out Message, status int, send bool) {
	e := soap.Explain(err, call.version)
	if e.Version == soap.None {
		e.Version = soap.V11
	}
	if call.version != soap.None && e.Fault.Code.Local != soap.VersionMismatch.Local { // which is told in the envelope's own version
		e.Version = call.version
	}
	if call.OneWay && call.c.From.Framed {
		return out, e.Status, false
	}
	p := call.props
	if call.version == soap.V11 && call.enc.Version == soap.None {
		p.Version = wsa.None
	}
	m, send, failed := p.Answer(e)
	if failed != nil || !send {
		return out, e.Status, false
	}
	enc := call.answering()
	if enc.Version = m.Version; enc.Form == soap.Multipart {
		enc.Form = soap.Text // which encoders of multipart messages read too
	}
	t := take()
	out, failed = call.c.write(t, m, enc, call.o.Sender, call.o.ID, p.Version, "")
	t.give()
	return out, e.Status, failed == nil
}
