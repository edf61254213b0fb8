package manage

import (
	"crypto/rand"
	"net/http"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// Status is the wire form of a code as the API's answer.
func Status(code fail.Code) int {
	switch code {
	case fail.MissingToken, fail.MalformedToken, fail.InvalidSignature, fail.ExpiredToken, fail.InvalidAudience, fail.RightMissing:
		return http.StatusUnauthorized
	case fail.UnknownEntity:
		return http.StatusNotFound
	case fail.Conflict, fail.OwnedByFile:
		return http.StatusConflict
	case fail.BadRequest, fail.UpgradeRequired:
		return http.StatusBadRequest
	case fail.Starting, fail.Draining, fail.Overloaded:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func newTracking() string {
	var id [16]byte
	_, _ = rand.Read(id[:])                         // crypto/rand never fails: it ends the program instead
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // RFC 9562 section 5.4: version 4
	return string(wire.AppendGUID(nil, id))
}
