package wire

import "errors"

// Classes of errors; every error of this package is an *Error that wraps one of them. Packages below have their own.
var (
	ErrTarget   = errors.New("bad request target")     // 400
	ErrStatus   = errors.New("bad status of a reject") // 400; the sender stays pending
	ErrPath     = errors.New("bad path")               // 400
	ErrField    = errors.New("bad header field")       // 400, before anything is dispatched
	ErrTooLarge = errors.New("too large")              // 431 for a sender's head, Close 1009 for a message
	ErrMessage  = errors.New("bad control message")    // control channel: log, go on; rendezvous: Close 1002
	ErrAddress  = errors.New("bad rendezvous address") // a listener was told to dial something else
)

// Error is something that a peer or a user got wrong.
type Error struct {
	Op    string // what was done with it: "parse target"
	Class error  // one of the Err variables of this package
	Text  string // one sentence for the peer, fit for a reason phrase; it never holds a secret
}

// Error returns operation, class and sentence.
func (e *Error) Error() string { return e.Op + ": " + e.Class.Error() + ": " + e.Text }

// Unwrap returns the class, for errors.Is.
func (e *Error) Unwrap() error { return e.Class }
