package shape

import (
	"context"
	"sync"
	"sync/atomic"
)

// How long the payload of a cast may be, in bytes.
const (
	// DefaultMessage is the service's limit for messages of one-way and event relays (WCF relay reference section 3.2), and a node's unless it
	// is told otherwise (limits.castMessage).
	DefaultMessage = 64 << 10
	// MaxMessage is the most that a node can be told to take. Whoever takes messages from a node takes as much: listeners, and other nodes,
	// whose words have room for it (mesh.MaxBody).
	MaxMessage = 1 << 20
)

// Message is one cast: sent one way, to one listener or to all. Many listeners read it at once, so that nothing of it may change once
// it was sent: Data has to be the sender's to give away.
type Message struct {
	Hello
	Type string // content type of Data; text/... and what else is text may arrive as text
	Data []byte // the payload, at most as many bytes as the sender's node takes, never more than MaxMessage

	forms atomic.Pointer[encoded] // the latest; each has the one before it
}

// encoded is a message in one form.
type encoded struct {
	form   string
	before *encoded

	once sync.Once
	b    []byte
	err  error
}

// As gives the message in a form that more than one listener wants. enc is called once a form, by whoever asks first; the result is shared
// and must not be changed. A form is named by what makes it different: "binary soap 1.2".
func (m *Message) As(form string, enc func(*Message) ([]byte, error)) ([]byte, error) {
	e := m.in(form)
	e.once.Do(func() { e.b, e.err = enc(m) })
	return e.b, e.err
}

// in finds a form, or puts it before the others.
func (m *Message) in(form string) *encoded {
	var own *encoded
	for {
		latest := m.forms.Load()
		for e := latest; e != nil; e = e.before {
			if e.form == form {
				return e
			}
		}
		if own == nil {
			own = &encoded{form: form}
		}
		own.before = latest
		if m.forms.CompareAndSwap(latest, own) {
			return own
		}
	}
}

// Sink hands casts to a listener. A listener's entry implements it; calls come one after the other, in the order of sending.
type Sink interface {
	// Deliver hands the message over and reports how many took it: 1, or more where several receivers stand behind one sink. It may
	// wait for its receiver, until ctx ends and no longer: the relay's bounded queue of the listener stands in front, so that only
	// this listener is kept. An error with the mark Untaken says that nothing has left; any other may come behind a delivery.
	Deliver(context.Context, *Message) (reached int, err error)
}
