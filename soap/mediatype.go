package soap

import (
	"io"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/mediatype"
)

// Form is how the tokens of a message become bytes.
type Form uint8

// Forms.
const (
	// Text is XML text.
	Text Form = iota
	// Binary is .NET binary XML without session: application/soap+msbin1.
	Binary
	// Session is .NET binary XML behind a string table, with the dictionary of a
	// session: application/soap+msbinsession1.
	Session
	// Multipart is MIME around XML text: MTOM.
	Multipart
)

// MediaType is a content type with its parameters (RFC 2045, 5.1; RFC 9110, 8.3): the type in lower case, parameters in their order, names
// in lower case, values without quotes.
type MediaType = mediatype.Type

// Param is a parameter of a MediaType.
type Param = mediatype.Param

// ParseMediaType reads a content type. It takes what peers send, too: values with characters that want quotes but have none, a quoted action
// in a quoted start-info or type without escapes. It refuses what is ambiguous: a parameter twice, an open quote, control characters, and
// more than 4 KiB.
func ParseMediaType(s string) (MediaType, error) { return mediatype.Parse(s) }

// Multiparter opens and makes multipart messages. Package mtom has the one for
// MTOM.
type Multiparter interface {
	// Open reads the message of content type t from body up to its root part. r
	// gives the tokens of the envelope with the content of other parts as binary
	// values; root is the content type of the envelope inside (text/xml or
	// application/soap+xml, perhaps with an action).
	Open(t *MediaType, body io.Reader, q infoset.Quotas) (r infoset.Reader, root *MediaType, err error)
}
