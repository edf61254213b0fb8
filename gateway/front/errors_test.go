package front

import (
	"testing"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// TestStatusIsTotal ranges over the codes: each that is somebody's fault has an answer, an ordinary end has none.
func TestStatusIsTotal(t *testing.T) {
	for _, code := range fail.Codes() {
		if _, listed := statuses[code]; !listed {
			t.Errorf("%s is not listed", code)
			continue
		}
		status, name := Status(code)
		if ordinary := code.Info().Fault == fail.Nobody; ordinary != (status == 0) {
			t.Errorf("%s (%s) is answered %d", code, code.Info().Fault, status)
		}
		if status != 0 && (status < 400 || status > 599 || name == "") {
			t.Errorf("%s is answered %d %q", code, status, name)
		}
	}
	if len(statuses) != len(fail.Codes()) {
		t.Errorf("%d codes are listed, %d exist", len(statuses), len(fail.Codes()))
	}
	if status, _ := Status("NoSuchCode"); status != 500 {
		t.Errorf("an unknown code is answered %d", status)
	}
}

// TestBodyCodes are the names that the service documents (reference section 5).
func TestBodyCodes(t *testing.T) {
	for status, want := range map[int]string{
		401: "TokenMissingOrInvalid", 403: "Forbidden", 404: "EndpointNotFound",
		500: "InternalServerError", 504: "GatewayTimeout", 431: "RequestHeaderFieldsTooLarge",
	} {
		if got := bodyCode(status); got != want {
			t.Errorf("%d: %q, want %q", status, got, want)
		}
	}
}
