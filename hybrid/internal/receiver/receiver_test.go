package receiver_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/internal/receiver"
)

// body is a request's body that may break off.
type body struct {
	io.Reader
}

func (body) Size() int64  { return -1 }
func (body) Close() error { return nil }

// cast is a request that brings a message.
func cast(from io.Reader) *shape.Request {
	r := &shape.Request{Method: http.MethodPost, Hello: shape.Hello{
		Target: "/hyco/a?x=1", Remote: netip.MustParseAddrPort("192.0.2.7:4711"),
		Fields: shape.Fields{{Name: "content-type", Value: "text/xml"}, {Name: "Causeway-Cast", Value: "track"}},
	}}
	if from != nil {
		r.Body = body{from}
	}
	return r
}

// TestReceiver: a message arrives with all that its sender said, and is answered by a status only.
func TestReceiver(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("<a/>"), bytes.Repeat([]byte{7}, shape.MaxMessage)} {
		var got *receiver.Message
		x := &receiver.Receiver{Take: func(_ context.Context, m *receiver.Message) error { got = m; return nil }}
		var from io.Reader
		if data != nil {
			from = bytes.NewReader(data)
		}
		r := cast(from)
		res, err := x.Exchange(t.Context(), r)
		if err != nil || res.Status != http.StatusNoContent || res.Body != nil {
			t.Fatalf("%d bytes: %+v, %v", len(data), res, err)
		}
		if !bytes.Equal(got.Data, data) {
			t.Errorf("%d bytes became %d, or others", len(data), len(got.Data))
		}
		got.Data = nil // a comparison that can tell where bytes differ takes seconds
		want := &receiver.Message{TrackingID: "track", Target: "/hyco/a?x=1", Type: "text/xml", Fields: r.Fields, Remote: r.Remote}
		if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.EquateEmpty()); d != "" {
			t.Error(d)
		}
	}
}

// TestReceiverFails: a message that is too long or breaks off is not taken, and what Take says is the answer.
func TestReceiverFails(t *testing.T) {
	errTake, errBody := errors.New("not today"), errors.New("broken off")
	taken := 0
	x := &receiver.Receiver{Take: func(context.Context, *receiver.Message) error { taken++; return errTake }}
	if _, err := x.Exchange(t.Context(), cast(bytes.NewReader(make([]byte, shape.MaxMessage+1)))); fail.Of(err).Code != fail.TooLarge {
		t.Errorf("a byte too many: %v", err)
	}
	if _, err := x.Exchange(t.Context(), cast(io.MultiReader(bytes.NewReader([]byte("x")), failing{errBody}))); !errors.Is(err, errBody) {
		t.Errorf("a body that breaks off: %v", err)
	}
	if taken != 0 {
		t.Errorf("%d messages were taken", taken)
	}
	if _, err := x.Exchange(t.Context(), cast(nil)); !errors.Is(err, errTake) || taken != 1 {
		t.Errorf("Take's error: %v", err)
	}
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// rest is the exchanger behind a receiver.
type rest struct{ asked *shape.Request }

func (r *rest) Exchange(_ context.Context, req *shape.Request) (*shape.Response, error) {
	r.asked = req
	return &shape.Response{Status: http.StatusTeapot}, nil
}

// TestRequests: a request without the field is the exchanger's, and without one it is told so.
func TestRequests(t *testing.T) {
	x := &receiver.Receiver{No: "no requests here", Take: func(context.Context, *receiver.Message) error {
		t.Error("a request was taken for a message")
		return nil
	}}
	r := &shape.Request{Method: http.MethodGet}
	_, err := x.Exchange(t.Context(), r)
	if no := fail.Of(err); no.Code != fail.Rejected || no.Status != http.StatusNotImplemented || no.Text != "no requests here" {
		t.Errorf("without an exchanger: %+v", no)
	}
	behind := &rest{}
	x.Rest = behind
	if res, err := x.Exchange(t.Context(), r); err != nil || res.Status != http.StatusTeapot || behind.asked != r {
		t.Errorf("with an exchanger: %+v, %v", res, err)
	}
}
