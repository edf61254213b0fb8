package framing

import "errors"

// Fault is the last part of a fault's URI, what a server says instead of an answer. "" is none.
type Fault string

// The faults (WCF wire reference section 1.5; what a client raises for each stands there).
const (
	ContentTypeInvalid       Fault = "ContentTypeInvalid"
	ContentTypeTooLong       Fault = "ContentTypeTooLong"
	ConnectionDispatchFailed Fault = "ConnectionDispatchFailed"
	EndpointNotFound         Fault = "EndpointNotFound"
	EndpointUnavailable      Fault = "EndpointUnavailable"
	EndpointAccessDenied     Fault = "EndpointAccessDenied"
	EndpointPaused           Fault = "EndpointPaused"
	InvalidRecordSequence    Fault = "InvalidRecordSequence"
	MaxMessageSizeExceeded   Fault = "MaxMessageSizeExceededFault" // the word Fault is a part of it
	ServerTooBusy            Fault = "ServerTooBusy"
	ServiceActivationFailed  Fault = "ServiceActivationFailed"
	UnsupportedMode          Fault = "UnsupportedMode"
	UnsupportedVersion       Fault = "UnsupportedVersion"
	UpgradeInvalid           Fault = "UpgradeInvalid"
	ViaTooLong               Fault = "ViaTooLong"
)

// faultBase stands before each name in the URI ([MC-NMF] 2.2.5).
const faultBase = "http://schemas.microsoft.com/ws/2006/05/framing/faults/"

// URI is the fault as it stands in a record.
func (f Fault) URI() string { return faultBase + string(f) }

// ParseFault finds the fault of a URI; false for one that is not of this protocol.
func ParseFault(uri []byte) (Fault, bool) {
	if len(uri) <= len(faultBase) || string(uri[:len(faultBase)]) != faultBase {
		return "", false
	}
	return Fault(uri[len(faultBase):]), true
}

// Error is a breach of the protocol. Fault is what a server answers it with; "" when it only closes, as WCF's do for bytes
// that make no record.
type Error struct {
	Fault Fault
	Text  string
}

// Error gives the text.
func (e *Error) Error() string { return "framing: " + e.Text }

// ErrShort says that what was given is good as far as it goes, and that more is needed.
var ErrShort = errors.New("framing: more bytes are needed")

// The breaches, made once: a peer that breaks rules all day costs no memory.
var (
	errKind     = &Error{"", "this byte begins no record"}
	errInt      = &Error{"", "a length of more than 31 bits"}
	errText     = &Error{"", "a text that is not UTF-8"}
	errEmpty    = &Error{"", "a text of no length"}
	errVersion  = &Error{UnsupportedVersion, "a version other than 1"}
	errMode     = &Error{UnsupportedMode, "an unknown mode"}
	errVia      = &Error{ViaTooLong, "a Via longer than allowed"}
	errType     = &Error{ContentTypeTooLong, "a content type or upgrade name longer than allowed"}
	errFault    = &Error{"", "a fault longer than allowed"}
	errEnvelope = &Error{MaxMessageSizeExceeded, "a message longer than allowed"}
	errOrder    = &Error{"", "a record that has no place here"}
	errCut      = &Error{"", "the stream ends within a record"}
)
