package connect

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/hybrid"
)

// Kind is what happened. The words are those of the management API where it has them.
type Kind string

// The kinds of events.
const (
	ListenerConnected    Kind = "listener.connected"    // senders reach the listener
	ListenerDisconnected Kind = "listener.disconnected" // they do not; Reason says why, and it is tried again
	RenewalFailed        Kind = "listener.renewal"      // the token was not renewed; it is tried again
	ForwardOpened        Kind = "forward.opened"        // the local socket is open; Remote is its address
	Opened               Kind = "connection.opened"     // bytes can flow
	Closed               Kind = "connection.closed"     // Reason says why
	Refused              Kind = "connection.refused"    // no byte has flowed; Reason says why
	Answered             Kind = "request.answered"      // a request of an HTTP sender is over; Reason is "" for an answer that came whole
	TargetDown           Kind = "target.down"           // the target does not answer any more; Reason says how
	TargetUp             Kind = "target.up"             // it does again
)

// Reasons of a connector itself. All others are codes of the gateway (docs/errors.md).
const (
	Unreachable    fail.Code = "Unreachable"    // no gateway answered
	TargetRefused  fail.Code = "TargetRefused"  // nobody listens at the target
	TargetTimeout  fail.Code = "TargetTimeout"  // the target did not answer in time
	TargetFailed   fail.Code = "TargetFailed"   // the target cannot be reached for another reason
	PortUnknown    fail.Code = "PortUnknown"    // an azbridge peer asked for a port that no connector has
	PreambleFailed fail.Code = "PreambleFailed" // the other end speaks no preamble of azbridge, or another one
)

// Event is one thing that happened to a connector. In and Out are bytes from the sender to the target and back.
type Event struct {
	Time     time.Time
	Kind     Kind
	Entity   string        // name of the relay, as configured
	Remote   string        // address of the sender; of a local socket for ForwardOpened
	Reason   fail.Code     // "" where there is none
	Text     string        // for people: what is behind the reason
	Do       string        // for people: what to do next; "" when there is nothing
	In, Out  int64         // bytes
	Duration time.Duration // of a connection

	tracking string // of the stream
}

// MarshalJSON writes the members that contracts section 4 fixes, each of them, in its order.
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Time     string `json:"time"`
		Event    Kind   `json:"event"`
		Entity   string `json:"entity"`
		Remote   string `json:"remote"`
		Reason   string `json:"reason"`
		In       int64  `json:"in"`
		Out      int64  `json:"out"`
		Duration string `json:"duration"`
	}{
		e.Time.UTC().Format(time.RFC3339Nano), e.Kind, e.Entity, e.Remote, string(e.Reason), e.In, e.Out,
		e.Duration.Round(time.Microsecond).String(),
	})
}

// String is the line for people; "" for what no line is written about.
func (e Event) String() string {
	var b strings.Builder
	b.WriteString(e.Entity + ": ")
	switch e.Kind {
	case ListenerConnected:
		b.WriteString("listening")
		if e.Text != "" {
			b.WriteString(" as " + e.Text)
		}
		return b.String()
	case ListenerDisconnected:
		b.WriteString("not listening: ")
	case RenewalFailed:
		b.WriteString("token not renewed: ")
	case ForwardOpened:
		b.WriteString("forwarding " + e.Remote)
		return b.String()
	case Closed:
		fmt.Fprintf(&b, "%s closed: %s, in %d, out %d, %s", e.Remote, e.Reason, e.In, e.Out, e.Duration.Round(time.Millisecond))
		if e.Text != "" {
			b.WriteString(": " + e.Text)
		}
		return e.advised(&b)
	case Answered:
		fmt.Fprintf(&b, "%s %s, in %d, out %d, %s", e.Remote, e.Text, e.In, e.Out, e.Duration.Round(time.Millisecond))
		if e.Reason != "" {
			b.WriteString(": " + string(e.Reason))
		}
		return e.advised(&b)
	case TargetUp:
		b.WriteString("the target answers again")
		return b.String()
	case TargetDown:
		b.WriteString("the target is down: ")
	case Refused:
		b.WriteString(e.Remote + " refused: ")
	default:
		return ""
	}
	b.WriteString(string(e.Reason))
	if e.Text != "" {
		b.WriteString(": " + e.Text)
	}
	return e.advised(&b)
}

// advised ends a line with what to do next.
func (e *Event) advised(b *strings.Builder) string {
	if e.Do != "" {
		b.WriteString("; next: " + e.Do)
	}
	return b.String()
}

// why fills in what an error of the relay says.
func (e *Event) why(err error) {
	no, ok := errors.AsType[*hybrid.Error](err)
	if !ok {
		e.Reason, e.Text = fail.Aborted, err.Error()
		return
	}
	e.Reason, e.Do = no.Code, no.Do
	text, _, _ := strings.Cut(no.Reason, " TrackingId:")
	switch {
	case e.Reason == "":
		e.Reason = Unreachable
	case e.Reason == fail.Draining && text == deleted:
		e.Reason, e.Do = fail.EntityDeleted, fail.UnknownEntity.Info().Do
	}
	e.Text = strings.TrimSuffix(text, ".")
	if no.Status != 0 && no.Code == fail.Rejected {
		e.Text = strings.TrimSpace(fmt.Sprintf("%d %s", no.Status, e.Text))
	}
	if e.Text == "" && no.Cause != nil {
		e.Text = strings.TrimPrefix(no.Cause.Error(), string(e.Reason)+": ") // which stands before it
	}
	if no.TrackingID != "" && no.Code != "" {
		e.Text = strings.TrimSpace(e.Text + " (tracking id " + no.TrackingID + ")")
	}
}

// deleted are the words by which the gateway closes what belongs to an entity that is no more.
const deleted = "The entity was deleted."

// goingAway is the close code of a gateway that ends a stream: it drains, or the entity was deleted (reference section 6.5).
const goingAway = 1001

// ended fills in how a stream ended. near is the side of this machine: the target's, or the local client's; tracking finds the
// stream in the gateway's log.
func (e *Event) ended(r *flow.Report, near string, nearFrom uint8, tracking string) {
	e.Reason, e.In, e.Out = r.Why, r.In, r.Out
	if r.Why == fail.PeerClosed {
		return
	}
	if closed, ok := errors.AsType[*hybrid.CloseError](r.Cause); ok {
		e.Text = fmt.Sprintf("the peer closed with code %d %s", closed.Code, closed.Text)
		if closed.Code == goingAway {
			e.Reason = fail.Draining
			if closed.Text == deleted {
				e.Reason, e.Do = fail.EntityDeleted, fail.UnknownEntity.Info().Do
			}
		}
		return
	}
	side := "the relay"
	if r.From == nearFrom {
		side = near
	} else {
		e.Do = "if nobody at the other end ended it, look for " + logged(tracking) + " in the gateway's log, or whether the relay is still there"
	}
	switch {
	case r.Outside:
		e.Text, e.Do = r.Text, ""
	case r.Why == fail.WriteTimeout:
		e.Text = side + " takes nothing"
	default:
		e.Text = "lost by " + side
	}
	if no, ok := errors.AsType[*hybrid.Error](r.Cause); ok && no.Code != "" {
		e.Reason = no.Code
	}
}

// logged is a tracking id as the gateway's log has it: without the node that the wire shows behind it.
func logged(tracking string) string {
	id, _, _ := strings.Cut(tracking, "_")
	return id
}
