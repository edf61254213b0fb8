package doctor

import (
	"context"
	"time"

	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
	"github.com/causeway-relay/causeway/internal/trust"
)

// States of a row.
const (
	OK      = "ok"
	Failed  = "failed"
	Skipped = "skipped" // a row before it failed, or there was nothing to check
)

// Names of the rows, in their order.
const (
	DNS      = "dns"
	TCP      = "tcp"
	TLS      = "tls"
	Clock    = "clock"
	Token    = "token"
	Entity   = "entity"
	Listener = "listener"
)

// names are all rows.
var names = []string{DNS, TCP, TLS, Clock, Token, Entity, Listener}

// Check is one row.
type Check struct {
	Name   string `json:"check"`
	State  string `json:"state"`
	Detail string `json:"detail"` // what was found, with the values at hand; never a key or a token
	Do     string `json:"do"`     // what repairs it; "" where nothing has to be
}

// Own is a node of this machine, whose settings can be told to who asks for them. Zero members are not known.
type Own struct {
	Host   string // its name
	Port   string // of its https door
	CAFile string // its local CA
}

// Params is what is checked.
type Params struct {
	Gateway connstring.Settings
	Entity  string      // path; "": no relay is meant, and the last two rows are skipped
	Roots   trust.Roots // who is trusted
	Plain   bool        // the gateway is spoken to without TLS
	Own     *Own        // nil: no node of this machine is known
	System  string      // a GOOS, for commands
	Now     func() time.Time
	// Timeout is for each row; 0: 10 s.
	Timeout time.Duration
	// Begins is told which row is checked now, for progress; nil: nobody is.
	Begins func(name string)
}

// defaultTimeout is as long as a person waits without doubt.
const defaultTimeout = 10 * time.Second

// Run checks everything there is, and gives the rows in their order. It takes seven timeouts at most, and ends at once with ctx.
func Run(ctx context.Context, p Params) []Check {
	if p.Timeout <= 0 {
		p.Timeout = defaultTimeout
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Begins == nil {
		p.Begins = func(string) {}
	}
	e := &exam{Params: p, host: trust.Hostname(p.Gateway.Host), address: trust.Gateway(p.Gateway.Host, p.Plain), usual: usualPorts()}
	e.run(ctx)
	return e.rows()
}

// exam is one run.
type exam struct {
	Params
	host    string        // of the connection string, without port
	address string        // host:port to dial
	via     string        // host:port of a proxy; ""
	skew    time.Duration // of this machine: positive is ahead
	found   map[string]Check
	ips     []string      // of the host, or of the proxy
	usual   []string      // see usualPorts
	undo    []func() bool // take back what the end of the context does to connections
}

// usualPorts are where the https door of a gateway often is: that of production, and that of a node that nobody configured.
func usualPorts() []string { return []string{"443", "8443"} }

// run goes as far as makes sense.
func (e *exam) run(ctx context.Context) {
	e.found = make(map[string]Check)
	defer func() {
		for _, undo := range e.undo {
			undo()
		}
	}()
	steps := []struct {
		name string
		do   func(context.Context)
	}{{DNS, e.checkName}, {TCP, e.checkPort}, {TLS, e.checkTLS}, {Token, e.checkRights}}
	for _, s := range steps {
		e.Begins(s.name)
		s.do(ctx)
		if e.found[s.name].State != OK {
			return
		}
	}
}

// set notes a row, once: what was found first is what counts.
func (e *exam) set(name, state, detail, do string) {
	if _, done := e.found[name]; !done {
		e.found[name] = Check{Name: name, State: state, Detail: detail, Do: do}
	}
}

func (e *exam) ok(name, detail string)         { e.set(name, OK, detail, "") }
func (e *exam) failed(name, detail, do string) { e.set(name, Failed, detail, do) }
func (e *exam) skipped(name, detail string)    { e.set(name, Skipped, detail, "") }

// rows fills in what was not come to.
func (e *exam) rows() []Check {
	list := make([]Check, 0, len(names))
	for _, name := range names {
		e.skipped(name, "not checked, because of the row before")
		list = append(list, e.found[name])
	}
	return list
}

// endpoint is the connection string's part for another host and port.
func endpoint(host, port string) string {
	if port != "443" {
		host += ":" + port
	}
	return "Endpoint=sb://" + host + "/"
}
