package front

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/leg"
)

// Names of the doors (architecture section 5). Names are metric labels and go between nodes in prefaces.
const (
	HTTPS = "https"
	HTTP  = "http"
)

// Door is one listening socket. The server closes it.
type Door struct {
	Name     string // unique among the doors of a server
	Listener net.Listener
	TLS      *tls.Config // nil: plain
}

// Take is given a connection to own: it closes it, or hands it to somebody who does. It may return before the connection ends,
// but the goroutine is its own until then; what lasts it leaves in the arrival's Rest. A Take that answered a plain request may set
// Again: the server reads the next head, and which entry that is for is decided anew. ctx ends with the server, not with the
// peer. The arrival stays valid.
type Take func(ctx context.Context, a *leg.Arrival)

// Params is what a server is made of. Zero durations and sizes mean the default.
type Params struct {
	Doors []Door
	// Route is asked with each head: nil leaves the request to Handler. It decides by looking only: it must neither wait nor
	// touch the connection, nor keep the arrival, whose Read is valid during the call. nil: no entry.
	Route   func(*leg.Arrival) Take
	Handler http.Handler
	// Enter is asked for each connection; leave is called once, when the connection is closed, whoever owns it by then. An
	// error refuses the connection with its code. nil: no bound.
	Enter func(remote netip.AddrPort) (leave func(), err *fail.Error)
	// Phrase makes the reason phrase of an answer of the server's own (Hybrid Connections reference section 5): one line from
	// the message, the tracking id (a GUID) and the address that was asked for. nil: the message alone.
	Phrase func(message, tracking, system string) string
	Hooks  Hooks

	HeadBytes    int           // longest head: 32 KiB (contracts section 3, limits.headBytes)
	HeadTimeout  time.Duration // for TLS, and again for a head: 10 s (timeouts.head)
	IdleTimeout  time.Duration // between two requests, and for a body to go on: 60 s (timeouts.idle)
	WriteTimeout time.Duration // for one write: 60 s (timeouts.write)
}

// Hooks tell the log and the metrics what happened. Each may be nil.
type Hooks struct {
	Refused   func(Refusal)                                            // an answer of the server's own
	TLSError  func(door string, remote netip.AddrPort, err error)      // a handshake failed: count it, scanners do nothing else
	AcceptErr func(door string, err error, wait time.Duration)         // a door could not accept and tries again after wait
	Panicked  func(door, tracking string, value any, stack []byte)     // a handler or Take; not for http.ErrAbortHandler
	Connected func(door string, remote netip.AddrPort, encrypted bool) // a connection is past TLS and the limit
}

// Refusal is one answer that the server made by itself.
type Refusal struct {
	Door     string
	Code     fail.Code
	Status   int // as sent, 0: closed without an answer
	Tracking string
	Remote   netip.AddrPort
	Err      error // what was wrong; holds nothing of what the peer sent
}

const (
	defaultHeadBytes    = 32 << 10
	defaultHeadTimeout  = 10 * time.Second
	defaultIdleTimeout  = 60 * time.Second
	defaultWriteTimeout = 60 * time.Second
)

// filled checks and puts the defaults in. All problems are told at once.
func (p Params) filled() (Params, error) {
	var problems []error
	names := map[string]bool{}
	for i, d := range p.Doors {
		if d.Name == "" || names[d.Name] {
			problems = append(problems, fmt.Errorf("door %d: name %q is empty or taken", i, d.Name))
		}
		if d.Listener == nil {
			problems = append(problems, fmt.Errorf("door %d (%s): no listener", i, d.Name))
		}
		names[d.Name] = true
	}
	if p.Handler == nil {
		problems = append(problems, errors.New("no handler"))
	}
	if p.Enter == nil {
		p.Enter = func(netip.AddrPort) (func(), *fail.Error) { return func() {}, nil }
	}
	if p.Phrase == nil {
		p.Phrase = func(message, _, _ string) string { return message }
	}
	if p.Route == nil {
		p.Route = func(*leg.Arrival) Take { return nil }
	}
	p.Hooks = p.Hooks.filled()
	orDefault(&p.HeadBytes, defaultHeadBytes)
	orDefault(&p.HeadTimeout, defaultHeadTimeout)
	orDefault(&p.IdleTimeout, defaultIdleTimeout)
	orDefault(&p.WriteTimeout, defaultWriteTimeout)
	return p, errors.Join(problems...)
}

func (h Hooks) filled() Hooks {
	if h.Refused == nil {
		h.Refused = func(Refusal) {}
	}
	if h.TLSError == nil {
		h.TLSError = func(string, netip.AddrPort, error) {}
	}
	if h.AcceptErr == nil {
		h.AcceptErr = func(string, error, time.Duration) {}
	}
	if h.Panicked == nil {
		h.Panicked = func(string, string, any, []byte) {}
	}
	if h.Connected == nil {
		h.Connected = func(string, netip.AddrPort, bool) {}
	}
	return h
}

func orDefault[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}
