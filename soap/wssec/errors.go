package wssec

import (
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Code is a fault code of WS-Security (1.1, 12).
type Code string

// Codes.
const (
	// InvalidSecurity: the header, or what it holds, cannot be understood.
	InvalidSecurity Code = "InvalidSecurity"
	// InvalidSecurityToken: a token has not what it must have.
	InvalidSecurityToken Code = "InvalidSecurityToken"
	// UnsupportedSecurityToken: a token, or its encoding, of another kind.
	UnsupportedSecurityToken Code = "UnsupportedSecurityToken"
	// FailedAuthentication: the password is wrong or not there.
	FailedAuthentication Code = "FailedAuthentication"
	// MessageExpired: the time of the message is over.
	MessageExpired Code = "MessageExpired"
)

// Error is a security header that was refused.
type Error struct {
	Code Code
	// Detail says what is wrong. It never quotes a value.
	Detail string
	// Err is the cause, if another error is.
	Err error
}

func invalid(detail string) *Error { return &Error{Code: InvalidSecurity, Detail: detail} }

// Error gives one line.
func (e *Error) Error() string { return "wssec: " + string(e.Code) + ": " + e.Detail }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Refuse makes the answer to a message of version v: a fault that blames the
// sender, with the code as WCF has it. It says no more than the code about a
// password: whether the name or the password was wrong is nobody's business.
func (e *Error) Refuse(v soap.Version) *soap.Error {
	reason := e.Detail
	if e.Code == FailedAuthentication {
		reason = "at least one security token in the message could not be validated"
	}
	out := soap.Refuse(v, soap.Sender, reason, xsd.QName{Prefix: "o", Space: NamespaceSecext, Local: string(e.Code)})
	out.Err = e
	return out
}

// broken makes an Error of one that a reader gave.
func broken(err error) error {
	return &Error{Code: InvalidSecurity, Detail: "the security header cannot be read", Err: err}
}

// twice makes the error for an element that may be there once.
func twice(n *infoset.Name) error { return invalid("element " + infoset.Clip(n.Local) + " twice") }
