package conversion

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/shape"
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
