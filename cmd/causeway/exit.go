package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/bridge/azbridge"
	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/hybrid"
)

// Exit codes (architecture section 5).
const (
	exitOK           = 0
	exitFailure      = 1
	exitUsage        = 2
	exitNotFound     = 3
	exitUnauthorized = 4
	exitUnreachable  = 5
)

// usageError is a command line that cannot be understood.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// silentError ends a command whose output has said everything.
type silentError struct{ code int }

func (*silentError) Error() string { return "see the output" }

// exitCode sorts an error into one of the documented codes.
func exitCode(err error) int {
	var silent *silentError
	var no *client.Error
	var relayed *hybrid.Error
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &silent):
		return silent.code
	case errors.As(err, new(*usageError)), errors.As(err, new(config.Problems)), errors.As(err, new(azbridge.Problems)), errors.As(err, new(*connect.Flaw)):
		return exitUsage
	case errors.As(err, &relayed):
		return exitOfRelay(relayed)
	case errors.As(err, &no):
		return exitOf(no)
	case errors.As(err, new(*client.Unreachable)), errors.Is(err, context.DeadlineExceeded):
		return exitUnreachable
	}
	return exitFailure
}

// exitOfRelay sorts what keeps a listener or sender from its relay.
func exitOfRelay(no *hybrid.Error) int {
	switch {
	case no.Status == http.StatusNotFound:
		return exitNotFound
	case no.Status == http.StatusUnauthorized, no.Status == http.StatusForbidden:
		return exitUnauthorized
	case no.Status == 0, no.Temporary():
		return exitUnreachable
	}
	return exitFailure
}

// exitOf sorts what a gateway answers. An answer without a code is not a gateway's: its status means something else.
func exitOf(no *client.Error) int {
	switch {
	case no.Code == "":
		return exitFailure
	case no.Status == http.StatusNotFound:
		return exitNotFound
	case no.Status == http.StatusUnauthorized, no.Status == http.StatusForbidden:
		return exitUnauthorized
	case no.Status == http.StatusServiceUnavailable, no.Status == http.StatusGatewayTimeout:
		return exitUnreachable
	}
	return exitFailure
}

// explain writes an error for people: what happened, what to do next, and how to find it in the gateway's log. Problems
// of a configuration stand alone, one line each, so that editors and terminals turn the places into links.
func explain(w io.Writer, cmd *cobra.Command, err error) {
	var problems config.Problems
	var moved azbridge.Problems
	var no *client.Error
	var away *client.Unreachable
	switch {
	case errors.As(err, new(*silentError)):
		return
	case errors.As(err, &problems):
		fmt.Fprintln(w, problems.Error())
		return
	case errors.As(err, &moved):
		fmt.Fprintln(w, moved.Error())
		return
	}
	next, tracking := "", ""
	if relayed, ok := errors.AsType[*hybrid.Error](err); ok { // it says all in one line: here each has its own
		short := *relayed
		next, tracking, short.Do, short.TrackingID = short.Do, short.TrackingID, "", ""
		err = &short
	}
	fmt.Fprintf(w, "causeway: %v\n", err)
	switch {
	case errors.As(err, new(*usageError)):
		next = "see '" + cmd.CommandPath() + " --help'"
	case errors.As(err, &no):
		next, tracking = no.Do, no.Tracking
	case errors.As(err, &away):
		next = away.Do
	}
	if next != "" {
		fmt.Fprintf(w, "  next: %s\n", next)
	}
	if tracking != "" {
		fmt.Fprintf(w, "  tracking id: %s\n", tracking)
	}
}
