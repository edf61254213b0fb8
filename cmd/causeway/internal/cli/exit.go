package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/causeway-relay/causeway/bridge/azbridge"
	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/hybrid"
)

// Exit codes of every command (architecture section 5).
const (
	ExitOK           = 0
	ExitFailure      = 1
	ExitUsage        = 2
	ExitNotFound     = 3
	ExitUnauthorized = 4
	ExitUnreachable  = 5
)

// usageError is a command line that cannot be understood.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// Usage makes an error of a command line that cannot be understood: exit code 2, and people are pointed to --help.
func Usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// silentError ends a command whose output has said everything.
type silentError struct{ code int }

// Silent ends a command with an exit code and without a word: its output has said everything.
func Silent(code int) error { return &silentError{code} }

func (*silentError) Error() string { return "see the output" }

// advisedError is an error of a command that knows its exit code and what to do next.
type advisedError struct {
	code       int
	text, next string
}

func (e *advisedError) Error() string { return e.text }

// Advised ends a command with an exit code, what happened, and what to do next.
func Advised(code int, text, next string) error { return &advisedError{code, text, next} }

// exitCode sorts an error into one of the documented codes.
func exitCode(err error) int {
	var silent *silentError
	var advised *advisedError
	var no *client.Error
	var relayed *hybrid.Error
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &silent):
		return silent.code
	case errors.As(err, &advised):
		return advised.code
	case errors.As(err, new(*usageError)), errors.As(err, new(config.Problems)), errors.As(err, new(azbridge.Problems)), errors.As(err, new(*connect.Flaw)):
		return ExitUsage
	case errors.As(err, &relayed):
		return exitOfRelay(relayed)
	case errors.As(err, &no):
		return exitOf(no)
	case errors.As(err, new(*client.Unreachable)), errors.Is(err, context.DeadlineExceeded), notFetched(err):
		return ExitUnreachable
	}
	return ExitFailure
}

// notFetched reports whether an HTTP server that is no gateway, such as one with a service's description, was not reached.
func notFetched(err error) bool {
	no, ok := errors.AsType[*url.Error](err)
	return ok && no.Op != "parse"
}

// exitOfRelay sorts what keeps a listener or sender from its relay.
func exitOfRelay(no *hybrid.Error) int {
	switch {
	case no.Status == http.StatusNotFound:
		return ExitNotFound
	case no.Code == fail.ListenerLimit, no.Code == fail.ConnectionLimit: // 403 in the protocol, and no key would help
		return ExitFailure
	case no.Status == http.StatusUnauthorized, no.Status == http.StatusForbidden:
		return ExitUnauthorized
	case no.Status == 0, no.Temporary():
		return ExitUnreachable
	}
	return ExitFailure
}

// exitOf sorts what a gateway answers. An answer without a code is not a gateway's: its status means something else.
func exitOf(no *client.Error) int {
	switch {
	case no.Code == "":
		return ExitFailure
	case no.Status == http.StatusNotFound:
		return ExitNotFound
	case no.Status == http.StatusUnauthorized, no.Status == http.StatusForbidden:
		return ExitUnauthorized
	case no.Status == http.StatusServiceUnavailable, no.Status == http.StatusGatewayTimeout:
		return ExitUnreachable
	}
	return ExitFailure
}
