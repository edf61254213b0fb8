package conversion

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
)

// TestFields: heads lose what says how a message was written and what is one connection's, and keep the rest with its order and repeats; a
// service that wants to know who asks is heard over HTTP, with its status.
func TestFields(t *testing.T) {
	c := between(t, "soap", "wsHttp", func(_ context.Context, req *shape.Request) (*shape.Response, error) {
		want := shape.Fields{
			{Name: "Content-Type", Value: req.Fields.Get("Content-Type")}, {Name: "authorization", Value: "Basic x"}, {Name: "X-Tenant", Value: "a"}, {Name: "X-Tenant", Value: "b"},
		}
		if diff := cmp.Diff(want, req.Fields); diff != "" {
			t.Error(diff)
		}
		return &shape.Response{Status: 401, Reason: "Unauthorized", Body: shape.Memory([]byte("who?")), Fields: shape.Fields{
			{Name: "content-type", Value: "text/plain"}, {Name: "WWW-Authenticate", Value: `Basic realm="x"`}, {Name: "Set-Cookie", Value: "a=1"}, {Name: "Set-Cookie", Value: "b=2"},
			{Name: "ETag", Value: `"1"`}, {Name: "Content-Encoding", Value: "identity"}, {Name: "Transfer-Encoding", Value: "chunked"},
		}}, nil
	})
	req := posts("urn:add", sum11)
	req.Fields = shape.Fields{
		{Name: "content-type", Value: text11}, {Name: "Content-Length", Value: "9"}, {Name: "SOAPAction", Value: `"urn:add"`}, {Name: "authorization", Value: "Basic x"},
		{Name: "Accept-Encoding", Value: "gzip"}, {Name: "If-None-Match", Value: "*"}, {Name: "X-Tenant", Value: "a"}, {Name: "Connection", Value: "X-Hop"}, {Name: "X-Hop", Value: "1"},
		{Name: "X-Tenant", Value: "b"}, {Name: "Host", Value: "h"},
	}
	res, err := c.Exchange(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	want := shape.Fields{
		{Name: "Content-Type", Value: text11}, {Name: "WWW-Authenticate", Value: `Basic realm="x"`}, {Name: "Set-Cookie", Value: "a=1"}, {Name: "Set-Cookie", Value: "b=2"},
	}
	if diff := cmp.Diff(want, res.Fields); diff != "" {
		t.Error(diff)
	}
	if text := said(t, res); res.Status != 401 || !strings.Contains(text, "the service answered 401 Unauthorized") {
		t.Errorf("%d %s", res.Status, text)
	}
	if len(req.Fields) != 11 || req.Fields[0].Name != "content-type" || req.Fields[7].Name != "Connection" {
		t.Errorf("the sender's own: %v", req.Fields)
	}
	stream := shape.Fields{{Name: "Sec-WebSocket-Key", Value: "k"}, {Name: "cookie", Value: "c"}, {Name: "X-Other", Value: "2"}}
	if got := credentials(stream); len(got) != 1 || got[0] != stream[1] {
		t.Errorf("of a stream: %v", got)
	}
}

// TestPacked: a message that is packed as a whole is refused with the reason, as one that cannot be read, and asks nobody; an answer is likewise.
func TestPacked(t *testing.T) {
	asked := 0
	c := between(t, "soap", "wsHttp", func(context.Context, *shape.Request) (*shape.Response, error) {
		asked++
		return &shape.Response{Status: 200, Body: shape.Memory([]byte("\x1f\x8b")), Fields: shape.Fields{
			{Name: "Content-Type", Value: "application/soap+xml"}, {Name: "Content-Encoding", Value: "gzip"},
		}}, nil
	})
	for _, row := range []struct {
		packed        string
		status, asked int
		says          string
	}{
		{"gzip", 415, 0, `a message with the content encoding "gzip" cannot be read here`},
		{"br", 415, 0, `a message with the content encoding "br" cannot be read here`},
		{"Identity", 500, 1, `the service's answer cannot be converted: a message with the content encoding`},
		{"", 500, 2, `the service's answer cannot be converted: a message with the content encoding`},
	} {
		req := posts("urn:add", sum11)
		if row.packed != "" {
			req.Fields.Add("Content-Encoding", row.packed)
		}
		res, err := c.Exchange(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if text := said(t, res); res.Status != row.status || asked != row.asked || !strings.Contains(text, row.says) {
			t.Errorf("%q: %d %s, asked %d times", row.packed, res.Status, text, asked)
		}
	}
}

// TestUnanswered: what is said of a session without an answer names what can be done about it, and nothing that could not help.
func TestUnanswered(t *testing.T) {
	const hint = "name its action by oneWay"
	c := &Conversion{Converter: &convert.Converter{Most: 100}}
	for _, row := range []struct {
		err  error
		says string
		hint bool
	}{
		{errors.New("the service ended the session without an answer"), "the service did not answer: call: the service ended", true},
		{&framing.Error{Fault: framing.MaxMessageSizeExceeded}, "the service's answer is larger than 100 bytes", false},
		{&framed.FaultError{Fault: framing.EndpointNotFound}, "the service says EndpointNotFound", false},
	} {
		got := c.unanswered(fmt.Errorf("call: %w", row.err)).Error()
		if !strings.Contains(got, row.says) || strings.Contains(got, hint) != row.hint {
			t.Errorf("%v: %s", row.err, got)
		}
	}
}
