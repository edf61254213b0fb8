package wire

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Action is what a WebSocket handshake asks for: the value of sb-hc-action.
type Action byte

// The actions. Connect is also the meaning of an absent or empty sb-hc-action (section 2).
const (
	ActionConnect Action = iota // a sender opens a socket
	ActionListen                // a listener opens its control channel
	ActionAccept                // a listener takes or rejects a sender
	ActionRequest               // a listener opens the rendezvous of an HTTP request
	ActionStandby               // our own agent waits for an offer (docs/agent.md)
)

var actionNames = [...]string{"connect", "listen", "accept", "request", "standby"}

// String returns the value of sb-hc-action.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return "unknown"
}

// Bounds of what a request target may carry. The whole is also bounded by the head limit of the front door.
const (
	maxTarget = 64 << 10
	maxID     = 256
	minStatus = 100
	maxStatus = 999
)

// Target is a request target taken apart. Path and Query are raw, as they came, without the relay's own parts; ID, Token,
// StatusDescription, KeyName and Key are form-decoded.
type Target struct {
	Prefixed bool // the path began with /$hc: only WebSocket handshakes may do that
	Action   Action
	ID       string // sb-hc-id: UTF-8 without control characters, at most 256 bytes; "" when absent or refused
	Token    string // sb-hc-token
	Cast     string // sb-hc-cast: how a listener gets messages (docs/casts.md); ours, no SDK knows it
	KeyName  string // sb-hc-sas-key-name: secret by its neighbour, honoured only where the operator allows it
	Key      string // sb-hc-sas-key

	HasStatus         bool // a reject: accept with sb-hc-statusCode
	Status            int  // 100 to 999
	StatusDescription string

	Path  string // begins with "/"; entity and suffix
	Query string // without the relay's own elements (see filter), and "?"
}

// String returns action and Visible, so that a target in a log shows no token and no key.
func (t Target) String() string { return t.Action.String() + " " + t.Visible() }

// GoString hides the secrets from %#v.
func (t Target) GoString() string { return t.String() }

// Visible returns path and query as a listener sees them: the query's "?" only when there is a query.
func (t Target) Visible() string {
	if t.Query == "" {
		return t.Path
	}
	return t.Path + "?" + t.Query
}

// VisibleIn is Visible of a target that was read of raw, of which it nearly always is the end: then nothing is made.
func (t *Target) VisibleIn(raw string) string {
	path, query, _ := strings.Cut(raw[max(0, len(raw)-len(t.Path)-1-len(t.Query)):], "?")
	if t.Query != "" && path == t.Path && query == t.Query {
		return raw[len(raw)-len(path)-1-len(query):]
	}
	return t.Visible()
}

// ParseTarget takes a request target in origin form ("/path?query") apart, by the grammar of section 2. Names are
// matched without regard to case; of an element that comes twice the first counts. The prefix may be spelled /%24hc, and
// %3Fsb-hc- inside the path counts as the start of the query.
//
// The spellings statusCode and statusDescription of old Node listeners count on an accept only behind sb-hc-id: what
// stands before it is the sender's own query, which the gateway put into the address.
//
// The error is ErrTarget, ErrStatus or ErrTooLarge. The target is filled as far as possible even then, so that a
// caller may see the action: a request rendezvous must never be refused by HTTP (section 1, rule 6).
func ParseTarget(raw string) (Target, error) {
	var t Target
	if len(raw) > maxTarget {
		return t, &Error{"parse target", ErrTooLarge, "The request target is longer than 65536 bytes. Shorten path or query."}
	}
	if raw == "" || raw[0] != '/' {
		return t, &Error{"parse target", ErrTarget, "The request target must be a path that begins with a slash."}
	}
	path, query := splitTarget(raw)
	t.Path, t.Prefixed = cutPrefix(path)
	err := t.parseQuery(query)
	return t, err
}

// PathOf is the Path of a target that ParseTarget can read, without a look at its query. raw begins with "/".
func PathOf(raw string) string {
	path, _ := splitTarget(raw)
	path, _ = cutPrefix(path)
	return path
}

// splitTarget cuts at the first "?", or at a "%3F" that is followed by sb-hc-, as one product's log shows (section 2).
func splitTarget(raw string) (path, query string) {
	path, query, _ = strings.Cut(raw, "?")
	if strings.IndexByte(path, '%') < 0 { // nearly always
		return path, query
	}
	for i := 0; i+3+len(ownPrefix) <= len(path); i++ {
		if path[i] != '%' || path[i+1] != '3' || path[i+2]|0x20 != 'f' || !hasOwnPrefix(path[i+3:]) {
			continue
		}
		if query == "" {
			return path[:i], path[i+3:]
		}
		return path[:i], path[i+3:] + "&" + query
	}
	return path, query
}

// cutPrefix takes /$hc off a path that has it as its first segment.
func cutPrefix(path string) (rest string, found bool) {
	first, _, _ := strings.Cut(path[1:], "/")
	if !strings.EqualFold(first, "$hc") && !strings.EqualFold(first, "%24hc") {
		return path, false
	}
	if rest = path[1+len(first):]; rest == "" {
		rest = "/"
	}
	return rest, true
}

// parseQuery reads the relay's own elements and keeps the others. The first error counts, the others are read on.
func (t *Target) parseQuery(query string) error {
	var r queryReader
	f := filter{query: query}
	for e := range elements(query) {
		f.take(&e)
		if e.own {
			r.own(t, &e)
		} else if r.seenID && t.Action == ActionAccept {
			r.legacy(&e)
		}
	}
	t.Query = f.result()
	if t.Action == ActionAccept {
		r.status(t)
	}
	return r.err
}

// queryReader is what parseQuery must remember between two elements.
type queryReader struct {
	err                                        error
	seenAction, seenID, seenToken              bool
	seenStatus, seenText, oldStatus, oldText   bool
	code, description, oldCode, oldDescription string
}

// fail keeps the first error.
func (r *queryReader) fail(class error, text string) {
	if r.err == nil {
		r.err = &Error{"parse target", class, text}
	}
}

// first tells whether an element came for the first time.
func first(seen *bool) bool {
	was := *seen
	*seen = true
	return !was
}

// own takes one element of the relay's. Names that are not known are the future's, or the sender's mistake: no error.
func (r *queryReader) own(t *Target, e *element) {
	switch strings.ToLower(e.name) {
	case "sb-hc-action":
		if first(&r.seenAction) {
			r.action(t, formDecode(e.value))
		}
	case "sb-hc-id":
		if first(&r.seenID) {
			r.id(t, formDecode(e.value))
		}
	case "sb-hc-token", junkToken:
		if first(&r.seenToken) {
			t.Token = formDecode(e.value)
		}
	case "sb-hc-cast":
		if t.Cast == "" {
			t.Cast = formDecode(e.value)
		}
	case "sb-hc-statuscode":
		if first(&r.seenStatus) {
			r.code = formDecode(e.value)
		}
	case "sb-hc-statusdescription":
		if first(&r.seenText) {
			r.description = formDecode(e.value)
		}
	case "sb-hc-sas-key-name":
		if t.KeyName == "" {
			t.KeyName = formDecode(e.value)
		}
	case "sb-hc-sas-key":
		if t.Key == "" {
			t.Key = formDecode(e.value)
		}
	}
}

// legacy reads the names without prefix, which only count when the prefixed ones are absent.
func (r *queryReader) legacy(e *element) {
	switch {
	case strings.EqualFold(e.name, "statusCode"):
		if first(&r.oldStatus) {
			r.oldCode = formDecode(e.value)
		}
	case strings.EqualFold(e.name, "statusDescription"):
		if first(&r.oldText) {
			r.oldDescription = formDecode(e.value)
		}
	}
}

// action takes sb-hc-action; an unknown one leaves the target a connect, with an error.
func (r *queryReader) action(t *Target, value string) {
	if value == "" {
		return
	}
	for i, name := range actionNames {
		if strings.EqualFold(value, name) {
			t.Action = Action(i)
			return
		}
	}
	r.fail(ErrTarget, "sb-hc-action must be listen, connect, accept or request.")
}

// id takes sb-hc-id, which is shown in logs and to operators: no terminal escapes, no line ends. Any other text is fine;
// samples use constants such as 123456.
func (r *queryReader) id(t *Target, value string) {
	switch {
	case len(value) > maxID:
		r.fail(ErrTarget, "sb-hc-id must not be longer than 256 bytes. Use a GUID.")
	case !plain(value) && (!utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl)):
		r.fail(ErrTarget, "sb-hc-id must be text without control characters. Use a GUID.")
	default:
		t.ID = value
	}
}

// status settles whether an accept is a reject.
func (r *queryReader) status(t *Target) {
	code, description := r.code, r.description
	switch {
	case r.seenStatus:
	case r.oldStatus:
		code, description = r.oldCode, r.oldDescription
	default:
		return
	}
	t.HasStatus = true
	t.StatusDescription = description
	n, err := strconv.Atoi(code)
	if err != nil || n < minStatus || n > maxStatus {
		r.fail(ErrStatus, "sb-hc-statusCode must be an integer between 100 and 999.")
		return
	}
	t.Status = n
}

// plain tells printable ASCII, which nearly all is and which needs no longer look.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// isControl tells the ASCII control characters, which no entity name and no header value may have.
func isControl(r rune) bool { return r < 0x20 || r == 0x7F }
