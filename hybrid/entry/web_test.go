package entry_test

import (
	"testing"
)

// TestSmallExchange is the captured exchange of reference section 14.1, byte for byte.
func TestSmallExchange(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("open", "")
		p := s.sender()
		p.write(p.request("GET", "/open/small?x=1&sb-hc-id=zzz&y", "Custom: Hello", "Connection: keep-alive"))
		q := c.asked()
		t.Log(q.raw)
		c.reply(q.ID, "Hello")
		a := p.response("GET")
		t.Log(a.Status, a.Reason, a.Fields, a.Body)
	})
}
