package http

import (
	"sync/atomic"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/soap/rewrite"
)

// overheard is the body of a sender that waits to be told to send. Looking into it before a listener wants it would tell him to; so its
// first bytes are looked at as they pass, too late for logs and policies, in time for the answer: Mono's clients, and .NET Framework's,
// always wait. One goroutine reads it; told is for the one that serves the request.
type overheard struct {
	shape.Body
	form  *form
	begun bool // the first bytes have passed
	told  atomic.Pointer[words]
}

// words are what a message told while it passed.
type words struct {
	said   said
	action string
}

// Read implements io.Reader.
func (o *overheard) Read(p []byte) (int, error) {
	n, err := o.Body.Read(p)
	if n > 0 && !o.begun {
		o.begun = true
		o.look(p[:n])
	}
	return n, err
}

// look reads the head of the message, if the first bytes hold all of it.
func (o *overheard) look(b []byte) {
	if !readable(&o.form.enc) {
		return
	}
	scan := scanners.Get().(*rewrite.Scanner) //nolint:forcetypeassert // nothing else is put there
	defer func() {
		scan.Reset()
		scanners.Put(scan)
	}()
	scan.Form = o.form.enc.Form
	w := &words{}
	err := scan.Scan(b)
	w.said.version = scan.Version()
	if err == nil {
		w.action, _ = w.said.note(scan, b)
	}
	o.told.Store(w)
}

// hear takes what was overheard, and gives what was asked for. The request itself is not touched: who was given it may still read it.
func (v *visit) hear(action string) string {
	w := v.late.told.Load()
	if w == nil {
		return action
	}
	v.said = w.said
	if w.action != "" {
		return w.action
	}
	return action
}
