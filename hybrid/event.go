package hybrid

import (
	"fmt"
	"time"
)

// EventKind says what became of a listener.
type EventKind byte

// The kinds of events.
const (
	Online        EventKind = iota // senders reach the listener
	Offline                        // they do not, for the reason in Err; Retry says when the next attempt is made
	SenderLost                     // one sender did not come to Accept, for the reason in Err
	RenewalFailed                  // the token was not renewed, for the reason in Err; it is tried again
	RequestFailed                  // a request of an HTTP sender did not come to its end, for the reason in Err: a panic of its handler, a sender that left
)

// String is the kind in lower case.
func (k EventKind) String() string {
	names := [...]string{"online", "offline", "sender lost", "renewal failed", "request failed"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("event %d", k)
}

// Event is a change in a listener's life. Close is none.
type Event struct {
	Kind  EventKind
	Err   error         // an *Error as far as the gateway said no; nil when online
	Retry time.Duration // Offline: until the next attempt
}

// tell hands an event to the program.
func (l *Listener) tell(e Event) {
	if l.s.events == nil {
		return
	}
	l.telling.Lock()
	defer l.telling.Unlock()
	l.s.events(e)
}
