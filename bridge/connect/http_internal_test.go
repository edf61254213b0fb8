package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect/address"
	"github.com/causeway-relay/causeway/bridge/connect/web"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/soap"
)

// TestUnanswered: of an exchange without an answer is told whose doing it was. A sender that left is none of the target's.
func TestUnanswered(t *testing.T) {
	target, err := address.Parse("net.tcp://127.0.0.1:1/svc")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		err    error
		reason fail.Code
		text   string
	}{
		{fmt.Errorf("call: %w", fail.New(fail.SenderGone, "")), fail.SenderGone, "the sender left"},
		{&web.DialError{Err: &net.OpError{Op: "dial", Err: errors.New("no route")}}, TargetFailed, "no route"},
		{errors.New("broken pipe"), TargetFailed, "the target net.tcp://127.0.0.1:1/svc: broken pipe"},
	} {
		var told Event
		a := &account{Event: Event{Text: "POST /calc"}, began: time.Now(), tell: func(e *Event) { told = *e }, over: func() {}}
		a.failed(&route{target: target}, row.err)
		if told.Reason != row.reason || !strings.Contains(told.Text, row.text) || (told.Do == "") != (row.reason == fail.SenderGone) {
			t.Errorf("%v: %+v", row.err, told)
		}
	}
}

// TestToldOnce: an exchange without an answer is one event with its tracking id, though package hybrid tells of it as well; what nobody
// else has told is one too.
func TestToldOnce(t *testing.T) {
	target, err := address.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	var events []Event
	b := &Bridge{p: Params{Tell: func(e Event) { events = append(events, e) }}}
	l := &listening{b: b, entity: "hyco"}
	r := &shape.Request{Hello: shape.Hello{Tracking: "t-1", Target: "/hyco/a?secret"}, Method: http.MethodGet}
	_, err = l.answer(t.Context(), &route{b: b, target: target, life: t.Context()}, r, func(context.Context, *shape.Request) (*shape.Response, error) {
		return nil, &fail.Error{Code: fail.Rejected, Status: http.StatusBadGateway, Cause: io.EOF}
	})
	if no, ok := errors.AsType[*fail.Error](err); !ok || no.Status != http.StatusBadGateway || !errors.Is(err, io.EOF) {
		t.Errorf("the sender hears %v", err)
	}
	l.heard(hybrid.Event{Kind: hybrid.RequestFailed, Err: &hybrid.Error{Code: fail.Rejected, TrackingID: "t-1", Cause: errors.Join(err)}})
	if len(events) != 1 || events[0].Kind != Answered || events[0].Text != "GET /hyco/a: the target http://127.0.0.1:1: EOF (tracking id t-1)" {
		t.Errorf("told: %v", events)
	}
	l.heard(hybrid.Event{Kind: hybrid.RequestFailed, Err: &hybrid.Error{Code: fail.NodeLost}})
	if len(events) != 2 || events[1].Kind != Refused {
		t.Errorf("of another failure: %v", events)
	}
}

// TestWhy: what is told of an error of the relay says each thing once.
func TestWhy(t *testing.T) {
	for _, row := range []struct {
		err    error
		reason fail.Code
		text   string
	}{
		{&hybrid.Error{Code: fail.SenderGone, Cause: fail.New(fail.SenderGone, "The sender left.")}, fail.SenderGone, "The sender left."},
		{&hybrid.Error{Code: fail.Rejected, Status: 418, Reason: "a teapot. TrackingId:1"}, fail.Rejected, "418 a teapot"},
		{&hybrid.Error{Cause: io.ErrUnexpectedEOF}, Unreachable, "unexpected EOF"},
		{io.ErrUnexpectedEOF, fail.Aborted, "unexpected EOF"},
	} {
		var e Event
		e.why(row.err)
		if e.Reason != row.reason || e.Text != row.text {
			t.Errorf("%v: %s: %q", row.err, e.Reason, e.Text)
		}
	}
}

// TestHeard: a sender whose message is converted hears what a web server did, in the connector's own words, and nothing of a library's.
func TestHeard(t *testing.T) {
	for _, row := range []struct {
		err  error
		says string
	}{
		{&fail.Error{Code: fail.Rejected, Status: 502, Text: "The listener's target gave no proper answer.", Cause: errors.New("10.0.0.7")}, "The listener's target gave no proper answer."},
		{soap.Refuse(soap.V12, soap.Sender, "no desk"), "no desk"},
		{errors.New("dial 10.0.0.7"), "internal error"},
	} {
		e := heard(row.err)
		if reason := e.Fault.Reason("en"); !strings.Contains(reason, row.says) || strings.Contains(reason, "10.0.0.7") || e.Status != soap.StatusFault {
			t.Errorf("%v: %d %s", row.err, e.Status, reason)
		}
	}
}
