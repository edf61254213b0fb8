package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/bridge/azbridge"
	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/hybrid"
)

// explain tells an error on w: what happened, what to do next, and how to find it in the gateway's log. It is lines for people, or one
// line of JSON in the form of the API's own errors where the command's output is JSON. A silent error says nothing: the output has.
func explain(w io.Writer, cmd *cobra.Command, err error) {
	if errors.As(err, new(*silentError)) || unread(err, brokenPipes) {
		return
	}
	if f := cmd.Flags().Lookup("output"); f != nil && f.Value.String() == string(AsJSON) {
		_ = WriteLine(w, bodyOf(cmd, err)) // nobody is told of a lost stderr
		return
	}
	// Problems stand alone, one line each, so that editors and terminals turn the places into links.
	if problems, ok := errors.AsType[config.Problems](err); ok {
		fmt.Fprintln(w, problems)
		return
	}
	if problems, ok := errors.AsType[azbridge.Problems](err); ok {
		fmt.Fprintln(w, problems)
		return
	}
	message, next, tracking := words(cmd, err)
	fmt.Fprintf(w, "causeway: %s\n", message)
	if next != "" {
		fmt.Fprintf(w, "  next: %s\n", next)
	}
	if tracking != "" {
		fmt.Fprintf(w, "  tracking id: %s\n", tracking)
	}
}

// windowsPipes are what Windows says to who writes into a pipe that nobody reads any more: ERROR_BROKEN_PIPE, ERROR_NO_DATA and
// ERROR_PIPE_NOT_CONNECTED.
var windowsPipes = []syscall.Errno{109, 232, 233}

// unread reports whether an error is that nobody reads standard output any more, as behind '| head': what was wanted of it has been read.
// pipes are what the system says then. Unix ends such a process by a signal before it comes to that.
func unread(err error, pipes []syscall.Errno) bool {
	no, ok := errors.AsType[*fs.PathError](err)
	if !ok || no.Op != "write" || no.Path != os.Stdout.Name() {
		return false
	}
	number, ok := errors.AsType[syscall.Errno](no.Err)
	return ok && slices.Contains(pipes, number)
}

// words are what is said of an error: the message, what to do next, and the tracking id; the last two may be "".
func words(cmd *cobra.Command, err error) (message, next, tracking string) {
	if relayed, ok := errors.AsType[*hybrid.Error](err); ok { // it says all in one line: here each has its own
		short := *relayed
		next, tracking, short.Do, short.TrackingID = short.Do, short.TrackingID, "", ""
		err = &short
	}
	var no *client.Error
	var away *client.Unreachable
	var advised *advisedError
	var broken *connect.Broken
	switch {
	case errors.As(err, &advised):
		next = advised.next
	case errors.As(err, &broken):
		next, tracking = broken.Do, broken.Tracking
	case errors.As(err, new(*usageError)):
		next = "see '" + cmd.CommandPath() + " --help'"
	case errors.As(err, &no):
		next, tracking = no.Do, no.Tracking
	case errors.As(err, &away):
		next = away.Do
	case next != "":
	case notFetched(err):
		next = "check the address, the network and the certificate's authority"
	default:
		next = aboutFile(err)
	}
	return err.Error(), next, tracking
}

// bodyOf is an error for programs. Errors of the command itself have no code.
func bodyOf(cmd *cobra.Command, err error) wire.ErrorBody {
	message, next, tracking := words(cmd, err)
	body := wire.ErrorBody{Error: wire.Error{Do: next, TrackingID: tracking}}
	if no, ok := errors.AsType[*client.Error](err); ok {
		body.Error.Code = no.Code
	} else if no, ok := errors.AsType[*hybrid.Error](err); ok {
		body.Error.Code = string(no.Code)
	}
	if list, ok := errors.AsType[config.Problems](err); ok {
		for _, p := range list {
			body.Problems = append(body.Problems, wire.ConfigProblem{
				File: p.File, Line: p.Line, Column: p.Column, Key: p.Key, Message: p.Message, Suggestion: p.Suggestion,
			})
		}
	}
	body.Error.Message = strings.TrimPrefix(message, body.Error.Code+": ")
	return body
}

// aboutFile says what to do about a file that could not be used, where the error ends with the system's own words: no advice stands
// there yet.
func aboutFile(err error) string {
	file, ok := errors.AsType[*fs.PathError](err)
	if !ok || !strings.HasSuffix(err.Error(), file.Error()) {
		return ""
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "check the path " + file.Path
	case errors.Is(err, fs.ErrPermission):
		return "run the command as a user who may use " + file.Path + ", or name another file"
	}
	return "look at " + file.Path + ", or name another file"
}
