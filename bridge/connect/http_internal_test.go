package connect

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect/address"
	"github.com/causeway-relay/causeway/bridge/connect/web"
	"github.com/causeway-relay/causeway/gateway/fail"
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
