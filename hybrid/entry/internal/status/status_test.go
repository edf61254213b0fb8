package status //nolint:testpackage // the table is not for others

import (
	"testing"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// TestStatuses: every code has a status of its own choice, no other has; what may pass by itself is never a 404, on which a
// listener gives up for ever (reference section 1, rule 2).
func TestStatuses(t *testing.T) {
	for _, row := range fail.Table() {
		status, ok := statuses[row.Code]
		if !ok {
			t.Errorf("%s has no status", row.Code)
			continue
		}
		if row.Code == fail.Rejected {
			continue
		}
		if got := Of(fail.New(row.Code, "")); got != status || got < 400 || got > 599 {
			t.Errorf("%s is answered with %d", row.Code, got)
		}
		senders := row.Code == fail.NoListener || row.Code == fail.NoMatchingListener // only senders are told these
		if status == 404 && row.Retry && !senders {
			t.Errorf("%s may pass by itself and is answered with 404", row.Code)
		}
		if row.Fault == fail.Gateway && status < 500 {
			t.Errorf("%s is the gateway's fault and is answered with %d", row.Code, status)
		}
	}
	if len(statuses) != len(fail.Codes()) {
		t.Errorf("%d statuses for %d codes", len(statuses), len(fail.Codes()))
	}
}

// TestListenersOwnStatus: a rejecting listener's status passes as it is, and an unknown code is an internal error.
func TestListenersOwnStatus(t *testing.T) {
	for _, status := range []int{100, 299, 400, 999} {
		if got := Of(&fail.Error{Code: fail.Rejected, Status: status}); got != status {
			t.Errorf("%d became %d", status, got)
		}
	}
	if got := Of(fail.New("Nonsense", "")); got != 500 {
		t.Errorf("an unknown code is answered with %d", got)
	}
}

// TestNames: a status that the service has a name for goes by it, any other by our code.
func TestNames(t *testing.T) {
	for code, want := range map[fail.Code]string{
		fail.MissingToken: "TokenMissingOrInvalid", fail.ListenerLimit: "Forbidden", fail.UnknownEntity: "EndpointNotFound",
		fail.Internal: "InternalServerError", fail.AcceptTimeout: "GatewayTimeout", fail.BadRequest: "BadRequest", fail.Overloaded: "Overloaded",
	} {
		err := fail.New(code, "")
		if got := Name(err, Of(err)); got != want {
			t.Errorf("%s is called %q, want %q", code, got, want)
		}
	}
}
