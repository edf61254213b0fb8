package convert

import (
	"strings"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/wssec"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// DefaultMessage bounds a message before and behind its conversion, in bytes. WCF's own default is 64 KiB; services raise it.
const DefaultMessage = 4 << 20

// Message is a message beside its transport.
type Message struct {
	ContentType string
	SOAPAction  []string // values of the header field, as they came; in a framing session there is none
	Packed      string   // the header field Content-Encoding, which is not undone here; "" or identity: it is not packed
	Body        []byte
}

// Session is the converter's end of a framing session: the dictionaries of both directions (WCF wire reference section 3.2). It lives
// as long as the session; between exchanges there is none.
type Session struct {
	in  *xmlbin.ReaderSession
	out *xmlbin.WriterSession
}

// NewSession makes an empty session with WCF's own bounds.
func NewSession() *Session {
	return &Session{xmlbin.NewReaderSession(0), xmlbin.NewWriterSession(0)}
}

// Converter converts between two bindings.
type Converter struct {
	From, To Binding
	Most     int      // bound of a message in bytes, before and behind; 0: DefaultMessage
	OneWay   []string // actions of one-way operations; one that ends with * stands for all that begin so
}

// most is the bound.
func (c *Converter) most() int {
	if c.Most > 0 {
		return c.Most
	}
	return DefaultMessage
}

// Options are what a request needs that is in no message.
type Options struct {
	To     string   // the service's address, for the header To
	Named  bool     // messages have to name To, which senders do not know; else theirs is as good
	ID     [16]byte // chance: the identifier of the message where its sender gave none, and the boundary of MTOM
	Sender *Session // of a sender of a framing session; nil: each message has one of its own
	Target *Session // of a service of one; nil likewise
}

// Call is one message of a sender on its way to the service, and the way back.
type Call struct {
	Out    Message // to the service
	OneWay bool    // no answer is waited for
	Same   bool    // the message is in the service's binding already and passes as it came, as its answer does: Out is the sender's

	c       *Converter
	o       Options
	enc     encoder.Encoding // the sender's
	version soap.Version     // the sender's, as far as it was seen
	props   wsa.Properties   // the sender's
	action  string
	id      string // of the message to the service
}

// Action is what the message asks for; "" before it was seen.
func (call *Call) Action() string { return call.action }

// Request converts what a sender said. The Call is there with an error too, which is an *soap.Error: Refuse then tells the sender.
// Nothing may have been sent to the service by then, and nothing is.
func (c *Converter) Request(in Message, o Options) (*Call, error) {
	call := &Call{c: c, o: o, version: c.From.Version, props: wsa.Properties{Version: c.From.Addressing, Session: c.From.Framed}}
	t := take()
	err := call.request(t, in)
	t.give()
	if err != nil {
		return call, soap.Explain(err, call.version)
	}
	return call, nil
}

func (call *Call) request(t *tools, in Message) error {
	c := call.c
	m, err := call.read(t, in)
	if err != nil {
		return err
	}
	p, unread := wsa.Read(m)
	if unread == nil {
		call.heard(p)
		t.lent = refers(p)
		if call.spoken(m, &in) {
			call.Same, call.Out = true, in
			return nil
		}
	}
	if err := (&soap.Node{Intermediary: true}).Check(m); err != nil {
		return err
	}
	if unread != nil {
		return unread
	}
	if err := call.address(m, in.SOAPAction); err != nil {
		return err
	}
	if err := endures(m, call.action); err != nil {
		return err
	}
	(&soap.Node{Intermediary: true}).Forward(m)
	wsa.Strip(m)
	if err := m.Convert(c.To.Version); err != nil {
		return err
	}
	if err := call.readdress(m); err != nil {
		return err
	}
	enc := encoder.Encoding{Version: c.To.Version, Form: c.To.Form}
	if call.Out, err = c.write(t, m, &enc, call.o.Target, call.o.ID, c.To.Addressing, call.action); err != nil {
		return err
	}
	if c.To.Version == soap.V11 {
		call.Out.SOAPAction = []string{soap.QuoteAction(call.action)}
	}
	return nil
}

// refers reports whether p refers to header blocks, or to elements in them.
func refers(p *wsa.Properties) bool {
	for _, ref := range [...]*wsa.EndpointReference{p.From, p.ReplyTo, p.FaultTo} {
		if ref != nil && len(ref.Parameters)+len(ref.Properties)+len(ref.Metadata)+len(ref.Extensions) > 0 {
			return true
		}
	}
	return len(p.Parameters) > 0
}

// read decodes the sender's message up to its body and checks that it is of the sender's binding.
func (call *Call) read(t *tools, in Message) (*soap.Message, error) {
	from := &call.c.From
	enc, err := encoder.Select(in.ContentType)
	if err != nil {
		return nil, err
	}
	call.enc = enc
	if enc.Version != soap.None {
		call.version = enc.Version
	}
	if err := in.open(call.version); err != nil {
		return nil, err
	}
	if !from.Any && !from.Framed && (enc.Form != from.Form || from.Version != enc.Version && enc.Form != soap.Multipart) {
		e := soap.Refuse(call.version, soap.Sender, "this relay speaks "+from.Name+", and "+infoset.Clip(in.ContentType)+" is another binding; use "+from.Name+" or have the relay listen as soap")
		e.Status = soap.StatusUnsupported
		return nil, e
	}
	m, err := call.c.decode(t, &call.enc, in.Body, call.o.Sender)
	if err != nil {
		return nil, err
	}
	call.version = m.Version
	return m, nil
}

// open refuses a message that is packed as a whole. A message in the service's own binding is too: nobody can see that it is one.
func (in *Message) open(v soap.Version) error {
	if in.Packed == "" || strings.EqualFold(strings.TrimSpace(in.Packed), "identity") {
		return nil
	}
	e := soap.Refuse(v, soap.Sender, "a message with the content encoding "+infoset.Clip(in.Packed)+" cannot be read here: send it without")
	e.Status = soap.StatusUnsupported
	return e
}

// decode reads a message within the bounds.
func (c *Converter) decode(t *tools, enc *encoder.Encoding, body []byte, s *Session) (*soap.Message, error) {
	if len(body) > c.most() {
		return nil, tooLarge(enc.Version, c.most())
	}
	d := encoder.Decoding{Quotas: infoset.Buffered(), Size: int64(c.most()), Session: t.in, Text: &t.text, Binary: &t.binary, Room: t.room}
	if s != nil {
		d.Session = s.in
	}
	if enc.Form == soap.Multipart {
		d.Multipart = multipart(c.most())
	}
	return enc.DecodeBytes(body, d)
}

// heard keeps what the message says of addressing. From then on a refusal relates to it, and none goes to a one-way message of a session.
func (call *Call) heard(p *wsa.Properties) {
	p.Session = call.c.From.Framed
	call.props = *p
	silent := p.ReplyTo != nil && p.Version.IsNone(p.ReplyTo.Address)
	call.OneWay = silent || p.Version != wsa.None && p.MessageID == ""
}

// asks finds what the message asks for.
func (call *Call) asks(m *soap.Message, soapAction []string) (action string, err error) {
	told, err := soap.ReadAction(m.Version, &call.enc.Type, soapAction)
	if err != nil {
		return "", err
	}
	return call.props.CheckAction(m.Version, told)
}

// address finds what the message asks for, and how it is to be answered.
func (call *Call) address(m *soap.Message, soapAction []string) (err error) {
	if call.action, err = call.asks(m, soapAction); err != nil {
		return err
	}
	p := &call.props
	for _, ref := range []*wsa.EndpointReference{p.ReplyTo, p.FaultTo} {
		if ref != nil && !p.Version.IsAnonymous(ref.Address) && !p.Version.IsNone(ref.Address) {
			return p.Version.Invalid(m.Version, "ReplyTo", "OnlyAnonymousAddressSupported", "an answer to another address than the sender's cannot be converted; set ReplyTo to the anonymous address")
		}
	}
	call.OneWay = call.OneWay || call.c.isOneWay(call.action)
	if call.action == "" && call.c.To.Addressing != wsa.None {
		return p.Version.Invalid(m.Version, "Action", "", "the message names no action, and the service finds the operation by nothing else; send SOAPAction, or the header Action")
	}
	return nil
}

// isOneWay looks an action up among those that are said to be one-way.
func (c *Converter) isOneWay(action string) bool {
	for _, pattern := range c.OneWay {
		if start, ok := strings.CutSuffix(pattern, "*"); pattern == action || ok && strings.HasPrefix(action, start) {
			return true
		}
	}
	return false
}

// Namespaces of protocols between two ends that a conversion would break (WCF wire reference section 11).
var endToEnd = []struct{ prefix, reason string }{
	{"http://schemas.xmlsoap.org/ws/2005/02/rm", "a reliable session"},
	{"http://docs.oasis-open.org/ws-rx/wsrm/", "a reliable session"},
	{"http://schemas.xmlsoap.org/ws/2005/02/trust", "a security session"},
	{"http://docs.oasis-open.org/ws-sx/ws-trust/", "a security session"},
}

// endures refuses what does not survive a change.
func endures(m *soap.Message, action string) error {
	refuse := func(what string) error {
		return soap.Refuse(m.Version, soap.Sender, what+" cannot be converted: use one binding on both sides, or switch it off", code("InvalidSecurity"))
	}
	for _, h := range m.Headers {
		if h.Name().Is(wssec.NamespaceSecext, "Security") {
			s, err := wssec.Read(h)
			if err != nil || len(s.Unknown) > 0 {
				return refuse("a signed or encrypted message (its header Security holds more than a name, a token or a time)")
			}
		}
		if what := breaks(h.Name().Space); what != "" {
			return soap.Refuse(m.Version, soap.Sender, what+" (header "+infoset.Clip(h.Name().Local)+") cannot be converted: use one binding on both sides, or switch it off")
		}
	}
	if what := breaks(action); what != "" {
		return soap.Refuse(m.Version, soap.Sender, what+" cannot be converted: use one binding on both sides, or switch it off")
	}
	return nil
}

// breaks says what a conversion would break that a URI belongs to; "": nothing.
func breaks(uri string) (what string) {
	for i := range endToEnd {
		if p := &endToEnd[i]; strings.HasPrefix(uri, p.prefix) {
			return p.reason
		}
	}
	return ""
}

// readdress gives the message the addressing of the service.
func (call *Call) readdress(m *soap.Message) error {
	to := call.c.To.Addressing
	call.id = call.props.MessageID
	if call.id == "" {
		call.id = infoset.UniqueID(call.o.ID).String()
	}
	p := wsa.Properties{Version: to, Action: call.action, To: call.o.To, Session: call.c.To.Framed}
	if !call.OneWay {
		p.MessageID, p.ReplyTo = call.id, to.WayBack()
	}
	for _, r := range call.props.RelatesTo {
		if r.Type == "" {
			p.RelatesTo = append(p.RelatesTo, r)
		}
	}
	if call.props.Version == to { // else its parts are those of another version
		p.From = call.props.From
	}
	return p.Write(m)
}
