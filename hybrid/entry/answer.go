package entry

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/status"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/nowait"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// How long a refused peer may still send, so that the answer is not lost by a reset, and how much is dropped at a time.
const (
	lingerFor   = 500 * time.Millisecond
	lingerBytes = 4 << 10
)

// NewTracking makes a tracking id: a random GUID. It is no secret, and nothing is granted for one.
func NewTracking() string {
	var id [16]byte
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // RFC 9562 section 5.4: version 4
	var text [36]byte
	return string(wire.AppendGUID(text[:0], id))
}

// trail is what an answer of the gateway is found again by.
func (v *visit) trail() wire.Trail {
	t := wire.Trail{ID: v.hello.Tracking, Node: v.entry.p.Node, Time: time.Now(), System: "sb://" + v.hello.Host + v.target.Path}
	if v.web {
		t.System = v.hello.Host + ":" + strings.TrimPrefix(v.target.Path, "/")
	}
	return t
}

// welcome writes the 101 of a handshake.
func (v *visit) welcome(choice string) error { return v.welcomeTo(choice, "") }

// welcomeTo is welcome with the kind of the relay, for who asked for it; "" for others.
func (v *visit) welcomeTo(choice, kind string) error {
	buf := bodies.GetParcel()
	defer bodies.PutParcel(buf)
	*buf = v.appendWelcome(*buf, choice, kind)
	return v.write(*buf)
}

// How a 101 begins, up to what answers the key. Connection is a single value, since .NET compares it whole.
const (
	welcomeWS  = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
	welcomeRaw = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: " + rawUpgrade + "\r\nConnection: Upgrade"
)

// appendWelcome makes the 101; there are no extensions (reference section 3). What stands in it is of our own making, or a sub-protocol that
// the peer itself offered: nothing has to be mended.
func (v *visit) appendWelcome(dst []byte, choice, kind string) []byte {
	if v.raw {
		dst = append(dst, welcomeRaw...)
	} else {
		dst = wsframe.AppendAccept(append(dst, welcomeWS...), v.key)
	}
	if granted := v.granted(); granted != "" {
		dst = append(append(dst, "\r\n"+wire.AgentField+": "...), granted...)
	}
	if choice != "" {
		dst = append(append(dst, "\r\nSec-WebSocket-Protocol: "...), choice...)
	}
	if kind != "" {
		dst = append(append(dst, "\r\n"+wire.KindField+": "...), kind...)
	}
	trail := wire.Trail{ID: v.hello.Tracking, Node: v.entry.p.Node}
	dst = trail.AppendMark(append(dst, "\r\nTrackingId: "...))
	return append(dst, "\r\n\r\n"...)
}

// granted is what of our own extensions a listener gets that asked for them; SDKs never ask.
func (v *visit) granted() string {
	if v.target.Action != wire.ActionListen {
		return ""
	}
	return v.agent().String()
}

// agent is what is granted of what the peer asks for: connections that stand by carry bytes.
func (v *visit) agent() wire.Agent {
	asked := wire.ParseAgent(v.arrival.Head.Fields)
	if !asked.Raw {
		asked.Standby = 0
	}
	asked.Kind = false // of a listener nobody has asked for it yet
	return asked
}

// kind is that of the relay, for a party that asks for it and has been admitted: what stands in its way, if anything, is code. Else "".
func (v *visit) kind(code fail.Code) string {
	switch code {
	case "", fail.NoListener, fail.NoMatchingListener, fail.Conflict: // who may not send or listen does not come so far
	default:
		return ""
	}
	if !wire.ParseAgent(v.arrival.Head.Fields).Kind {
		return ""
	}
	if ent := v.entry.p.Entity(v.hello.At); ent != nil {
		return string(ent.Kind)
	}
	return ""
}

// write sends bytes to the peer within the time for a head.
func (v *visit) write(b []byte) error {
	conn := v.arrival.Conn
	_, err := nowait.WriteReady(conn, b, func() error { return conn.SetWriteDeadline(time.Now().Add(v.entry.p.HeadTimeout)) })
	return err
}

// refuse writes the no of a handshake and ends the connection. A listener's own words pass as they are; ours carry the
// tracking suffix, from which the SDKs read everything.
func (v *visit) refuse(err *fail.Error) {
	h := http1.Head{Status: status.Of(err), Fields: http1.Fields{
		{Name: "TrackingId", Value: v.trail().Mark()},
		{Name: "Causeway-Error", Value: string(err.Code)},
	}}
	var body []byte
	if err.Code == fail.Rejected {
		h.Reason = err.Text
	} else {
		h.Reason = v.trail().Reason(v.message(err))
		body = wire.AppendErrorBody(nil, status.Name(err, h.Status), h.Reason)
		h.Fields.Add("Content-Type", "application/json")
	}
	if kind := v.kind(err.Code); kind != "" {
		h.Fields.Add(wire.KindField, kind)
	}
	if v.arrival.Head.Fields.Get("Sec-WebSocket-Version") != "13" {
		h.Fields.Add("Sec-WebSocket-Version", "13") // RFC 6455 section 4.4
	}
	h.Fields.Add("Content-Length", strconv.Itoa(len(body)))
	h.Fields.Add("Connection", "close")
	if v.write(append(http1.AppendResponse(nil, &h), body...)) == nil {
		linger(v.arrival.Conn)
	}
	_ = v.arrival.Conn.Close()
}

// message is the text of a refusal; an unknown ticket is named, since that is what the listener's log is searched for.
func (v *visit) message(err *fail.Error) string {
	if err.Code == fail.UnknownTicket && err.Text == "" {
		return "Unknown Connection ID: " + v.target.ID + ". Is the listener accepting the connection too late?"
	}
	return err.Message()
}

// closeUpgraded turns a request rendezvous away: with an HTTP error hyco-https would die of an uncaught exception
// (reference section 1, rule 6), so the upgrade is completed and closed.
func (v *visit) closeUpgraded(err *fail.Error) {
	var body [wsframe.MaxControl]byte
	b := v.appendWelcome(nil, "", "")
	text := v.trail().CloseText(v.message(err))
	b = wsframe.AppendFrame(b, wsframe.Header{Fin: true, Op: wsframe.Close}, wsframe.AppendClose(body[:0], wsframe.CloseGoingAway, text))
	if v.write(b) == nil {
		linger(v.arrival.Conn)
	}
	_ = v.arrival.Conn.Close()
}

// linger ends our direction and drops what the peer still sends, for a while. There is no bound in bytes: a fast peer would
// meet the reset before it reads our last word.
func linger(conn net.Conn) {
	if c, ok := conn.(interface{ CloseWrite() error }); ok && c.CloseWrite() != nil {
		return
	}
	if conn.SetReadDeadline(time.Now().Add(lingerFor)) != nil {
		return
	}
	sink := make([]byte, lingerBytes)
	for {
		if _, err := conn.Read(sink); err != nil {
			return
		}
	}
}

// closeText is what a Close frame of the gateway says.
func closeText(trail wire.Trail, end *shape.End) string {
	text := end.Text
	if text == "" {
		text = end.Why.Info().Meaning
	}
	trail.Time = time.Now()
	return trail.CloseText(text)
}
