package conversion

import (
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// What this file does: of the head of a message that comes over HTTP and goes on over HTTP stays what does not say how the message is
// written. So credentials, sessions by cookie and whatever a service reads beside its messages work as they do without a conversion.

// form are the fields of a head that belong to the message as it was written, or to a copy of an answer, beside those that begin with
// Content- or If- (RFC 9110 sections 8, 12, 13 and 14). The converted message has its own, or none.
var form = []string{
	"accept", "accept-charset", "accept-encoding", "accept-ranges", "age", "digest", "etag", "expect", "host", "last-modified", "mime-version", "range",
	"repr-digest", "signature", "signature-input", "soapaction", "vary", "want-digest",
}

// carried gives the fields that go on, in their order. The head stays as it is.
func carried(head shape.Fields) shape.Fields {
	kept := slices.Clone(head)
	kept.DelHop()
	return slices.DeleteFunc(kept, func(f shape.Field) bool {
		name := strings.ToLower(f.Name)
		return strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "if-") || slices.Contains(form, name)
	})
}

// credentials gives the fields of a stream's head that a service of HTTP can mean: the others are those of a WebSocket.
func credentials(head shape.Fields) (kept shape.Fields) {
	for _, f := range head {
		if strings.EqualFold(f.Name, "Authorization") || strings.EqualFold(f.Name, "Cookie") {
			kept.Add(f.Name, f.Value)
		}
	}
	return kept
}
