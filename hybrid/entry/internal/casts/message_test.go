package casts

import (
	"testing"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// TestTextOrBinary: a message is text if its type says so and it is.
func TestTextOrBinary(t *testing.T) {
	rows := []struct {
		kind, data string
		text       bool
	}{
		{"text/plain; charset=utf-8", "x", true},
		{"text/xml", "", true},
		{"application/json", "{}", true},
		{"application/soap+xml; action=\"a\"", "<a/>", true},
		{"application/problem+json", "{}", true},
		{"TEXT/HTML", "x", true},
		{"text/plain", "\xff", false},
		{"application/octet-stream", "x", false},
		{"application/soap+msbin1", "V", false},
		{"application/xop+xml", "x", false},
		{"", "x", false},
		{"nonsense", "x", false},
	}
	for _, row := range rows {
		b := batchOf([]*shape.Message{{Type: row.kind, Data: []byte(row.data)}})
		p := b.Pieces[0]
		if p.Text != row.text || !p.Last || p.Off < shape.Headroom || string(b.Buf[p.Off:p.Off+p.Len]) != row.data {
			t.Errorf("%q of %q: %+v", row.data, row.kind, p)
		}
	}
}

// TestCastFields: a connection for messages looks like that of a WebSocket, since SDKs read its fields; what says how one message is
// written is not among them, and the message's own fields are left alone.
func TestCastFields(t *testing.T) {
	m := &shape.Message{Hello: shape.Hello{Tracking: "track", Host: "relay.example", Fields: shape.Fields{
		{Name: "X-Own", Value: "1"}, {Name: "content-type", Value: "text/plain"}, {Name: "Content-Length", Value: "7"}, {Name: "Sec-WebSocket-Extensions", Value: "permessage-deflate"},
	}}}
	fields := Fields(m)
	for name, want := range map[string]string{
		"X-Own": "1", "Host": "relay.example", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": Key, Field: "track",
		"Content-Type": "", "Content-Length": "", "Sec-WebSocket-Extensions": "",
	} {
		if got := fields.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if len(m.Fields) != 4 {
		t.Errorf("the message's own: %v", m.Fields)
	}
}
