package fail

import (
	"errors"
	"fmt"
	"strings"
)

// Error is one failure: what (Code), while doing what (Op), to whom (Target), and how to find it again (Tracking).
type Error struct {
	Code     Code
	Op       string // the station of the road: handshake, admit, resolve, offer, meet, answer, flow; or a command
	Target   string // the address as the party gave it
	Tracking string // tracking id of the connection or request
	Text     string // for people, one sentence without the tracking id; "" means the code's own meaning
	Status   int    // Rejected only: the listener's own status; Text is then its own words, also when empty
	Cause    error
}

// New makes an error with a text for people.
func New(code Code, text string) *Error { return &Error{Code: code, Text: text} }

// Newf is New with a format.
func Newf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}

// Wrap makes an error of the code around a cause.
func Wrap(code Code, op string, cause error) *Error { return &Error{Code: code, Op: op, Cause: cause} }

// At returns a copy that names the station, the target and the tracking id where they are not named yet.
func (e *Error) At(op, target, tracking string) *Error {
	c := *e
	if c.Op == "" {
		c.Op = op
	}
	if c.Target == "" {
		c.Target = target
	}
	if c.Tracking == "" {
		c.Tracking = tracking
	}
	return &c
}

// Message is the text for people: Text, or the code's meaning.
func (e *Error) Message() string {
	if e.Text != "" || e.Code == Rejected {
		return e.Text
	}
	return e.Code.Info().Meaning
}

// Error gives operation, target, code and message in one line. The tracking id stays apart.
func (e *Error) Error() string {
	var b strings.Builder
	for _, part := range []string{e.Op, e.Target, string(e.Code), e.Message()} {
		if part == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(part)
	}
	if e.Cause != nil {
		b.WriteString(": ")
		b.WriteString(e.Cause.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is(err, &Error{Code: c}) true for every error of that code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Op == "" && t.Target == "" && t.Text == ""
}

// Of finds the *Error in err. An error without one becomes Internal with err as its cause; nil stays nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: Internal, Cause: err}
}

// Is reports whether err carries the code.
func Is(err error, code Code) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}
