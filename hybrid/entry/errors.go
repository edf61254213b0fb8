package entry

import (
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/status"
)

// Status is the status that answers a handshake refused with err.
func Status(err *fail.Error) int { return status.Of(err) }

// REST is how a plain HTTP sender is told err: the status, and the name of the error in the body, as the service has it. Other entries
// answer requests of this kind with it.
func REST(err *fail.Error) (code int, name string) {
	code = status.Of(err)
	return code, status.Name(err, code)
}
