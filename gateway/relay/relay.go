package relay

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/limit"
	"github.com/causeway-relay/causeway/gateway/meet"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/relay/internal/account"
	"github.com/causeway-relay/causeway/gateway/relay/internal/admit"
	"github.com/causeway-relay/causeway/gateway/relay/internal/bounds"
	"github.com/causeway-relay/causeway/gateway/relay/internal/cast"
	"github.com/causeway-relay/causeway/gateway/relay/internal/exchange"
	"github.com/causeway-relay/causeway/gateway/relay/internal/nodedoor"
	"github.com/causeway-relay/causeway/gateway/relay/internal/picture"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/tap"
	"github.com/causeway-relay/causeway/internal/alarm"
)

// What bounds a node and the road. Zero values become the defaults that stand beside them.
type (
	// Limits bound what one node holds.
	Limits = bounds.Limits
	// Timeouts of the road.
	Timeouts = bounds.Timeouts
)

// Params is what a Relay is made of. All but Hooks, Hosts, Pipeline, Endpoint and Link are needed.
type Params struct {
	Store     store.Store
	Bus       mesh.Bus
	Link      mesh.Link // nil: nothing is carried to other nodes
	Verifiers map[auth.Scheme]auth.Verifier
	Hosts     []string // host names of the namespace beside the one that a party dialled
	Limits    Limits
	Timeouts  Timeouts
	Presence  presence.Rules // when a listener counts as slow or deaf
	// Pipeline gives what stands around the exchanges of an entity, between admit and offer; nil, or a nil result: nothing. It is
	// called for each exchange and so only looks up what was made before.
	Pipeline func(*entity.Entity) shape.Middleware
	// Endpoint gives what ends the streams of an entity at their senders' node; nil, or a nil result: they lead to listeners. It is called
	// for each stream.
	Endpoint func(*entity.Entity) shape.Endpoint
	Hooks    Hooks
}

// Relay is the core of one node. Make one with New, begin with Open, end with Drain and Close.
type Relay struct {
	p     Params
	self  mesh.Num
	table *route.Table
	desk  *meet.Desk
	gate  admit.Gate

	pool   *nodedoor.Pool   // exchanges that run at other nodes
	server *nodedoor.Server // those of other nodes that run here
	casts  cast.Node
	house  cast.House
	taps   tap.Board
	clerk  account.Clerk
	debts  exchange.Debts // what listeners here were asked and did not answer yet

	connections *limit.Gate
	pending     *limit.PerSource
	delays      *limit.Delays
	guesses     *limit.Guesses

	state atomic.Int32

	mu        sync.Mutex
	unwind    []func()         // takes the relay off the mesh and the store
	arriving  map[uint64]*Seat // by channel: in the table, being announced
	seats     map[uint64]*Seat // by channel
	streams   map[*stream]struct{}
	transfers map[*transfer]struct{}
	passes    map[*Pass]struct{} // senders that cast
	idle      chan struct{}      // closed when draining and nothing is left; nil: not draining
	shut      bool

	beside sync.WaitGroup // what runs aside; no more once shut
	books  picture.Books  // what has been carried; guarded by mu

	responses alarm.Clock                                   // when the patience with the listeners of exchanges ends
	late      *presence.Late[shape.Ticket, route.Candidate] // offers that nobody waits for any more
	spreading sync.Mutex                                    // one word about a listener's state at a time leaves for the other nodes
}

// The states of a relay.
const (
	starting int32 = iota
	open
	draining
)

// pendingSources bounds the table of sources that have a rendezvous waiting.
const pendingSources = 10_000

// New makes a relay in the state Starting: it refuses everything with fail.Starting until Open.
func New(p Params) *Relay {
	p.Limits.Defaults()
	p.Timeouts.Defaults()
	r := &Relay{
		p: p, self: p.Bus.Self().Num, gate: admit.Gate{Store: p.Store, Verifiers: p.Verifiers, Hosts: p.Hosts},
		connections: limit.NewGate(p.Limits.Connections),
		pending:     limit.NewPerSource(p.Limits.PendingPerSource, pendingSources),
		delays:      limit.NewDelays(),
		guesses:     limit.NewGuesses(),
		arriving:    make(map[uint64]*Seat),
		seats:       make(map[uint64]*Seat),
		streams:     make(map[*stream]struct{}),
		transfers:   make(map[*transfer]struct{}),
		passes:      make(map[*Pass]struct{}),
	}
	r.clerk = account.Clerk{Hooks: &r.p.Hooks, Node: r.self}
	r.pool = nodedoor.NewPool(uint16(r.self), r.dialNode, r.tellLeft)
	r.server = nodedoor.NewServer(r.serveExchange)
	r.desk = meet.NewDesk(uint16(r.self), p.Limits.Pending)
	r.table = route.NewTable(r.self, r.remoteListener)
	r.casts = cast.Node{
		Bus: p.Bus, Table: r.table, Entering: r.entering, Limit: func() time.Duration { return r.p.Timeouts.Response },
		Lost: func(why fail.Code, n int) { r.clerk.Cast(string(why), n) },
	}
	if r.clerk.Tells() {
		r.casts.Step = r.clerk.Step
	}
	r.house = cast.House{Node: r.self, Hooks: &r.p.Hooks, Step: r.casts.Step, Accept: p.Timeouts.Accept, Response: r.responseOf, Crew: cast.NewCrew(r.fork)}
	r.taps.Left = r.unwatched
	r.late = presence.NewLate[shape.Ticket](r.leftOpen)
	return r
}

// Open joins the relay to the mesh and the store and lets parties in.
func (r *Relay) Open() {
	r.handle()
	stop := []func(){r.p.Bus.Watch(r.nodeChanged), r.p.Store.Watch(r.storeChanged)}
	r.mu.Lock()
	r.unwind = append(r.unwind, stop...)
	r.mu.Unlock()
	r.state.CompareAndSwap(starting, open)
}

// Reasons says why the relay is not ready; nothing when it is.
func (r *Relay) Reasons() []string {
	switch r.state.Load() {
	case starting:
		return []string{"loading"}
	case draining:
		return []string{"draining"}
	}
	return nil
}

// entering refuses parties while the relay starts or drains.
func (r *Relay) entering() *fail.Error {
	switch r.state.Load() {
	case starting:
		return fail.New(fail.Starting, "")
	case draining:
		return fail.New(fail.Draining, "")
	}
	return nil
}

// storeChanged ends what a deleted entity carried.
func (r *Relay) storeChanged(c store.Change) {
	if c.Deleted == nil {
		return
	}
	end := &shape.End{Why: fail.EntityDeleted, Code: goingAway, Text: "The entity was deleted."}
	for _, s := range of(r, r.streams, c.Deleted.At) { // first: a sender that waits is told this and not that its listener left
		s.cancel(end)
	}
	for _, x := range of(r, r.transfers, c.Deleted.At) {
		x.Cancel(end)
	}
	for _, p := range of(r, r.passes, c.Deleted.At) {
		p.cancel(end)
	}
	for _, s := range r.seatsOf(c.Deleted.At) {
		s.finish(end)
	}
	r.forget(c.Deleted.At)
}

// goingAway is the close code for ends that the gateway decides and a new attempt may mend (reference section 6.5);
// policy is the one for an expired token. Legs without close codes leave them out.
const (
	goingAway = 1001
	policy    = 1008
)

// party is what stands in one of the relay's books.
type party interface {
	comparable
	belongs() entity.Address
}

// of lists what belongs to an entity, of one of the books.
func of[P party](r *Relay, book map[P]struct{}, at entity.Address) []P {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []P
	for p := range book {
		if p.belongs() == at {
			list = append(list, p)
		}
	}
	return list
}

func (s *stream) belongs() entity.Address   { return s.entity.At }
func (x *transfer) belongs() entity.Address { return x.entity.At }
func (p *Pass) belongs() entity.Address     { return p.entity.At }

func (r *Relay) seatsOf(at entity.Address) []*Seat {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []*Seat
	for _, s := range r.seats {
		if s.listener.Entity == at {
			list = append(list, s)
		}
	}
	return list
}

// enter lists a party in one of the books, so that it can be counted and ended; a node that drains takes no more.
func enter[P party](r *Relay, book map[P]struct{}, p P) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.idle != nil {
		return fail.New(fail.Draining, "")
	}
	book[p] = struct{}{}
	return nil
}

// leave takes a party with a slot of the connections off its book, and counts what it carried.
func leave[P party](r *Relay, book map[P]struct{}, p P, in, out int64) {
	r.connections.Leave()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(book, p)
	r.books.Add(p.belongs(), in, out)
	r.restLocked()
}

// restLocked tells a drain when nothing is left. The caller holds r.mu and has just taken something off.
func (r *Relay) restLocked() {
	if r.idle != nil && len(r.streams)+len(r.transfers)+len(r.passes) == 0 {
		close(r.idle)
	}
}

// answerGrace is how long a listener of a node that drains may take to answer what it was asked before it is sent elsewhere. Longer
// would keep its entity without a listener.
const answerGrace = 5 * time.Second

// Drain ends the node's part in order: nobody comes in, listeners may answer what they were asked, for a few seconds, and are
// told to go elsewhere; exchanges and streams may finish until ctx ends; what runs then is told that the node goes away.
func (r *Relay) Drain(ctx context.Context) {
	end := &shape.End{Why: fail.Draining, Code: goingAway, Text: "The gateway is shutting down."}
	r.mu.Lock()
	r.state.Store(draining)
	if r.idle == nil {
		r.idle = make(chan struct{})
		r.restLocked()
	}
	idle := r.idle
	seats := make([]*Seat, 0, len(r.seats))
	for _, s := range r.seats {
		seats = append(seats, s)
	}
	for p := range r.passes {
		p.cancel(end) // it stops between two messages: there is nothing to finish but the one under way
	}
	r.mu.Unlock()
	var leaving sync.WaitGroup
	for _, s := range seats {
		leaving.Go(func() {
			s.flush(ctx)
			if s.depart(end, "gateway") {
				grace, cancel := context.WithTimeout(ctx, answerGrace)
				r.debts.Settled(grace, s.listener.Channel)
				cancel()
				s.listener.Leave(end)
			}
		})
	}
	defer leaving.Wait()
	defer r.taps.Close()
	select {
	case <-idle:
		return
	case <-ctx.Done():
	}
	r.mu.Lock()
	for s := range r.streams {
		s.cancel(end)
	}
	for x := range r.transfers {
		x.Cancel(end)
	}
	r.mu.Unlock()
	<-idle // every leg is aborted: nothing is left to wait for
}

// Close takes the relay off the mesh and the store, and waits for what runs beside them. Drain comes first.
func (r *Relay) Close() {
	r.mu.Lock()
	unwind := r.unwind
	r.unwind = nil
	r.mu.Unlock()
	for _, stop := range unwind {
		stop()
	}
	r.taps.Close()
	r.late.Close()
	r.pool.Close()
	r.server.Close()
	r.mu.Lock()
	r.shut = true
	r.mu.Unlock()
	r.beside.Wait()
}

// fork runs f beside the caller; Close waits for it. It reports false when the relay is shut: f does not run.
func (r *Relay) fork(f func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.shut {
		r.beside.Go(f)
	}
	return !r.shut
}

// aside runs f, which may wait for a peer, without holding the caller up: the store's writers, the mesh's lanes. Close waits
// for it; after that f runs here and now.
func (r *Relay) aside(f func()) {
	if !r.fork(f) {
		f()
	}
}
