package http

import (
	"testing"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// TestErrorsAreTotal: every code has its way to be told, and nothing else has; statuses are such as WCF's clients tell apart.
func TestErrorsAreTotal(t *testing.T) {
	for _, code := range fail.Codes() {
		got, ok := tellings[code]
		if !ok || got.fault < unreachable || got.fault > broken {
			t.Errorf("%s: %+v, %v", code, got, ok)
		}
		switch got.status {
		case 401, 403, 404, 413, 431, 500, 503, 504:
		default:
			t.Errorf("%s has status %d, which is a ProtocolException without a word", code, got.status)
		}
	}
	if len(tellings) != len(fail.Codes()) {
		t.Error("a code that does not exist has a place")
	}
	if got := tell(&fail.Error{Code: fail.Rejected, Status: 418}); got.status != 418 {
		t.Errorf("the listener's own status became %d", got.status)
	}
	if Status(fail.NoListener) != 404 || Status("strange") != 500 {
		t.Error("no listener is no 404")
	}
}
