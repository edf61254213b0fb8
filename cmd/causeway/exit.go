package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/gateway/config"
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

// exitCode sorts an error into one of the documented codes.
func exitCode(err error) int {
	var wrong *usageError
	var problems config.Problems
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &wrong), errors.As(err, &problems):
		return exitUsage
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return exitUnreachable
	}
	return exitFailure
}

// explain writes an error for people. Problems of a configuration stand alone, one line each, so that editors and
// terminals turn the places into links.
func explain(w io.Writer, cmd *cobra.Command, err error) {
	var wrong *usageError
	var problems config.Problems
	switch {
	case errors.As(err, &problems):
		fmt.Fprintln(w, problems.Error())
	case errors.As(err, &wrong):
		fmt.Fprintf(w, "causeway: %v\n  next: see '%s --help'\n", err, cmd.CommandPath())
	default:
		fmt.Fprintf(w, "causeway: %v\n", err)
	}
}
