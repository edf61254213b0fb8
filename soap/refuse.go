package soap

import (
	"errors"
	"strconv"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// HTTP statuses that go with an Error.
const (
	StatusFault       = 500 // the body is the fault (SOAP 1.1, 6.2; what WCF does for 1.2 too)
	StatusTooLarge    = 413
	StatusUnsupported = 415 // nothing that this node can read, so there is no body
)

// Error is a message that was refused: what is wrong, where, and the fault that
// tells the sender.
type Error struct {
	// Version is the sender's, as far as it could be seen: its envelope's, else
	// that of its content type, else 1.1.
	Version Version
	// Fault is the answer. Its reason names what is wrong and where; it quotes
	// names, never values.
	Fault *Fault
	// Headers go with the fault: NotUnderstood or Upgrade blocks of 1.2.
	Headers []*Header
	// Status is the HTTP status that fits.
	Status int
	// Offset is the place in the message in bytes, -1 when there is none, and Path
	// the open elements.
	Offset int64
	Path   string
	// Err is the cause: an *infoset.Error for broken XML.
	Err error
}

// sizeDetail is what a decoder says about a message that is too big as a whole, so
// that Explain knows it from other quotas.
const sizeDetail = "size of the message"

func refuse(v Version, code xsd.QName, what string, subcodes ...xsd.QName) *Error {
	if v == None {
		v = V11
	}
	return &Error{Version: v, Fault: NewFault(code, what, subcodes...), Status: StatusFault, Offset: -1}
}

// Refuse makes an Error for a message of version v with a fault of this code and
// reason.
func Refuse(v Version, code xsd.QName, reason string, subcodes ...xsd.QName) *Error {
	return refuse(v, code, reason, subcodes...)
}

// Error gives one line.
func (e *Error) Error() string {
	return "soap: " + e.Fault.Effective().Local + ": " + e.Fault.Reason("en")
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Message makes the answer: a message of the sender's version with the fault and
// its header blocks. Addressing headers are the caller's to add.
func (e *Error) Message() *Message {
	m := New(e.Version)
	m.Headers = append(m.Headers, e.Headers...)
	m.SetFault(e.Fault)
	return m
}

// at adds a place to the error and to the reason that the sender reads.
func (e *Error) at(offset int64, path string) *Error {
	e.Offset, e.Path = offset, path
	where := ""
	if offset >= 0 {
		where = " at byte " + strconv.FormatInt(offset, 10)
	}
	if path != "" {
		where += " in " + path
	}
	e.Fault.Reasons[0].Text += where
	return e
}

// Explain gives the Error for anything that went wrong with a message of version
// v: one that err already holds; for broken or hostile XML one that blames the
// sender and says what and where; for everything else WCF's internal fault, which
// tells nothing of err.
func Explain(err error, v Version) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	x, ok := errors.AsType[*infoset.Error](err)
	if ok && x.Reason == infoset.Source {
		// The source may be a decoder that found something wrong itself.
		if inner, is := errors.AsType[*infoset.Error](x.Err); is {
			x = inner
		}
	}
	if !ok || x.Reason == infoset.Source || x.Reason == infoset.Misuse {
		e := refuse(v, Receiver, "the message could not be processed because of an internal error",
			xsd.QName{Prefix: "a", Space: NamespaceDispatcher, Local: "InternalServiceFault"})
		e.Err = err
		return e
	}
	what := x.Reason.String()
	if x.Detail != "" {
		what += ": " + x.Detail
	}
	e := refuse(v, Sender, what).at(x.Offset, x.Path)
	e.Err = err
	if x.Reason == infoset.Quota && x.Detail == sizeDetail {
		e.Status = StatusTooLarge
	}
	return e
}

// RefuseVersion makes the Error for an envelope of namespace space, where the
// content type named version want, None for no word about it.
func RefuseVersion(want Version, space string) *Error {
	if v, known := VersionOf(space); known {
		// Answered in the version that the sender's SOAP layer wrote.
		return mismatch(v, "the envelope is of "+v.String()+", the content type of "+want.String())
	}
	return mismatch(want, "the envelope is of namespace "+infoset.Clip(space)+", not of SOAP 1.1 or 1.2")
}

// mismatch is the answer to an envelope of a version that this node does not
// have, with the Upgrade block that tells the ones it has (SOAP 1.2 part 1, 5.4.7
// and appendix A).
func mismatch(v Version, what string) *Error {
	e := refuse(v, VersionMismatch, what)
	if e.Version != V12 {
		return e
	}
	block, err := NewHeader(func(w infoset.Writer) error {
		name := func(local string) *infoset.Name {
			return &infoset.Name{Prefix: "s", Space: Namespace12, Local: local, Dict: infoset.Shared}
		}
		w.Start(name("Upgrade"))
		for i, v := range [...]Version{V12, V11} {
			w.Start(name("SupportedEnvelope"))
			q := xsd.QName{Prefix: "ns" + strconv.Itoa(i+1), Space: v.Namespace(), Local: partEnvelope}
			w.Declare(infoset.Decl{Prefix: q.Prefix, Space: q.Space})
			w.Attr(&infoset.Name{Local: "qname", Dict: infoset.Shared}, infoset.QName(q.Prefix, q.Local, infoset.InFull))
			w.End()
		}
		w.End()
		return w.Err()
	})
	if err == nil { // fixed words can be written
		e.Headers = []*Header{block}
	}
	return e
}
