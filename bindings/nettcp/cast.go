package nettcp

import (
	"bytes"
	"context"
	"errors"
	"os"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/rewrite"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// What this file does: at a one-way or event relay the door is the endpoint of the session. It acknowledges the preamble and casts each
// message; nothing is answered, as WCF's one-way operations expect (WCF wire reference section 7.6). A message that finds no listener
// is told by a fault, which ends the session: that is all that the protocol has.

// msbin1 is .NET's binary encoding without a dictionary of the session. A message leaves its session here, so it is written anew in it.
const msbin1 = "application/soap+msbin1"

// readSize is how much is read at once. Messages are small.
const readSize = 4 << 10

// caster is a session whose messages are cast.
type caster struct {
	*session

	mode  relay.Mode
	pass  *relay.Pass
	enc   encoder.Encoding
	plain encoder.Encoding // of messages that have left a session
	words *xmlbin.ReaderSession
	kind  string // content type of what is cast
	dec   framing.Decoder
	body  []byte // of the message that is being read
	buf   []byte // read and not looked at
	goes  bool   // the session ended in order: the connection goes on
}

// casts reports whether the session's messages are cast, and how.
func (s *session) casts() (relay.Mode, bool) { return relay.ModeOf(s.entity.Kind) }

// cast admits a sender of messages; nil: it was turned away, or left.
func (s *session) cast(ctx context.Context, mode relay.Mode) (pump func()) {
	c := &caster{session: s, mode: mode}
	refusal := c.agree()
	if refusal != nil {
		s.turnAway(refusal)
		return nil
	}
	ask := relay.Ask{Need: entity.Send, Cred: s.to.cred, Also: func(ent *entity.Entity) *fail.Error {
		if mode == relay.One && s.door.p.Relay.Online(ent.At) == 0 {
			return fail.New(fail.NoListener, "There are no listeners connected for the endpoint.")
		}
		return nil
	}}
	pass, err := s.door.p.Relay.Admit(ctx, ask, s.Hello())
	if err != nil {
		s.say(s.conn, faultOf(fail.Of(err)))
		return nil
	}
	c.pass = pass
	return func() { c.run(ctx) }
}

// agree finds how messages are written; what the door cannot read it does not take.
func (c *caster) agree() *fail.Error {
	if up := c.preamble.Upgrade; up != "" && c.fence == nil {
		return fail.Newf(fail.UpgradeRequired, "A one-way or event relay is the endpoint of the session: it takes no upgrade but %s.", framing.UpgradeTLS)
	}
	enc, err := encoder.Select(c.preamble.MediaType())
	if err != nil || enc.Form == soap.Multipart {
		return fail.Wrap(fail.BadRequest, "encoding", &framing.Error{Fault: framing.ContentTypeInvalid, Text: "messages of " + c.preamble.MediaType() + " are not taken"})
	}
	c.enc, c.kind = enc, c.preamble.MediaType()
	if enc.Form == soap.Session {
		c.words, c.kind = xmlbin.NewReaderSession(0), msbin1
		if c.plain, err = encoder.Select(msbin1); err != nil {
			return fail.Wrap(fail.Internal, "encoding", err)
		}
	}
	c.dec.Limits = framing.Limits{Envelope: c.door.p.Relay.CastMessage()}
	return nil
}

// run serves the session to its end.
func (c *caster) run(ctx context.Context) {
	wake := context.AfterFunc(c.pass.Context(), func() { _ = c.conn.SetReadDeadline(time.Unix(1, 0)) })
	c.session.over = c.rest
	end, refusal := c.serve(ctx)
	if refusal != nil {
		end = &shape.End{Why: refusal.Code, Text: refusal.Message(), Cause: refusal.Cause}
	}
	c.goes = wake() && end.Why == fail.PeerClosed // before Leave, which ends the context: nobody is to be woken then
	c.pass.Leave(end)
	switch {
	case refusal != nil:
		c.say(c.conn, faultOf(refusal))
	case end.Why == fail.PeerClosed && c.conn.SetWriteDeadline(time.Now().Add(farewellTime)) == nil:
		_, _ = c.conn.Write([]byte{byte(framing.End)}) // who waits for it closes in order
	}
}

// serve reads message after message. refusal is what the client is told in place of an end.
func (c *caster) serve(ctx context.Context) (end *shape.End, refusal *fail.Error) {
	if err := c.conn.SetDeadline(time.Time{}); err != nil {
		return &shape.End{Why: fail.Aborted, Cause: err}, nil
	}
	if _, err := c.conn.Write([]byte{byte(framing.PreambleAck)}); err != nil {
		return &shape.End{Why: fail.Aborted, Cause: err}, nil
	}
	c.buf = c.early
	room := make([]byte, readSize)
	for {
		over, refusal := c.take(ctx)
		switch {
		case refusal != nil:
			return nil, refusal
		case over:
			return &shape.End{Why: fail.PeerClosed}, nil
		}
		if end, refusal := c.parting(); end != nil || refusal != nil {
			return end, refusal
		}
		if quiet := c.door.p.Quiet; quiet > 0 {
			_ = c.conn.SetReadDeadline(time.Now().Add(quiet))
			if c.pass.Context().Err() != nil {
				_ = c.conn.SetReadDeadline(time.Unix(1, 0))
			}
		}
		n, err := c.conn.Read(room)
		c.buf = room[:n]
		if n > 0 {
			continue
		}
		if end, refusal := c.parting(); end != nil || refusal != nil {
			return end, refusal
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return &shape.End{Why: fail.Idle, Text: "nothing flowed for as long as timeouts.session allows"}, nil
		}
		return &shape.End{Why: fail.Aborted, Cause: err}, nil
	}
}

// parting is the end of a sender that has to go.
func (c *caster) parting() (*shape.End, *fail.Error) {
	if c.pass.Context().Err() == nil {
		return nil, nil
	}
	end, ok := errors.AsType[*shape.End](context.Cause(c.pass.Context()))
	if !ok {
		return &shape.End{Why: fail.Draining}, nil
	}
	return nil, fail.New(end.Why, end.Text)
}

// take casts every message that is there. It reports whether the session is over; what is left then is behind it.
func (c *caster) take(ctx context.Context) (over bool, refusal *fail.Error) {
	for {
		ev, n, err := c.dec.Next(c.buf)
		c.buf = c.buf[n:]
		switch {
		case errors.Is(err, framing.ErrShort):
			return false, nil
		case err != nil:
			return false, fail.Wrap(codeOf(err), "message", err)
		}
		switch ev.Kind {
		case framing.End:
			return true, nil
		case framing.SizedEnvelope, framing.UnsizedEnvelope:
			c.body = append(c.body, ev.Data...)
			if !ev.Last {
				continue
			}
		default:
			return false, fail.New(fail.BadRequest, "A record stands where a message has to.")
		}
		if refusal := c.send(ctx); refusal != nil {
			return false, refusal
		}
	}
}

// send casts one message.
func (c *caster) send(ctx context.Context) *fail.Error {
	m := &shape.Message{Hello: *c.told, Type: c.kind, Data: c.body}
	c.body = nil // it is the listeners' now
	if c.words != nil {
		var err error
		if m.Data, err = c.alone(m.Data); err != nil {
			return fail.Wrap(fail.BadRequest, "message", err)
		}
	}
	m.Action = actionOf(c.enc.Form, m.Data)
	_, err := c.pass.Cast(ctx, m, c.mode)
	return fail.Of(err)
}

// alone writes a message of the session so that it can be read without it.
func (c *caster) alone(b []byte) ([]byte, error) {
	m, err := c.enc.Decode(bytes.NewReader(b), encoder.Decoding{Quotas: infoset.Buffered(), Session: c.words, Size: int64(c.door.p.Relay.CastMessage())})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := c.plain.Encode(&out, m, nil); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// actionOf finds what a message asks for, where its head says it.
func actionOf(form soap.Form, b []byte) string {
	if form == soap.Session {
		form = soap.Binary
	}
	scan := &rewrite.Scanner{Form: form}
	if scan.Scan(b) != nil {
		return ""
	}
	for _, version := range [...]wsa.Version{wsa.V10, wsa.August2004} {
		if action, ok, err := scan.Text(b, version.Namespace(), "Action"); err == nil && ok {
			return string(action)
		}
	}
	return ""
}

// rest is what the client sent behind the session; false: the connection has ended with it.
func (c *caster) rest() ([]byte, bool) {
	if c.fence != nil || !c.goes {
		return nil, false
	}
	return c.buf, true
}
