package relay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	meshmemory "github.com/causeway-relay/causeway/gateway/mesh/memory"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/store/memory"
	"github.com/causeway-relay/causeway/internal/netx"
)

// world is some nodes in a bubble: time stands still while anybody works, and a goroutine that is left over fails the test.
type world struct {
	*testing.T

	store store.Store
	net   *meshmemory.Net
	nodes []*node

	mu      sync.Mutex
	told    []string // what happened, in order: steps and answers
	parties []*party
	legs    []*leg
}

// node is a relay with everything around it that a gateway gives it.
type node struct {
	w     *world
	relay *relay.Relay
	bus   mesh.Bus
	serve func(net.Conn, shape.Preface)
	dials int
	dead  bool

	carried []net.Conn // connections that came to it; guarded by w.mu
	mute    bool       // it takes connections of the door node and says nothing
	dialing func()     // called before it dials another node; nil: nothing

	// Guarded by w.mu.
	closed, refused []*relay.Record
	presence        []relay.Presence
	outcomes        []string
}

// play runs a story in a world of n nodes, then ends the nodes and checks that nothing is left and that every party was
// answered once.
func play(t *testing.T, n int, change func(*relay.Params), story func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t}
		w.prepare()
		for i := range n {
			w.add(mesh.Num(i+1), change).relay.Open()
		}
		defer w.end()
		story(w)
	})
}

// prepare makes a world with entities and no nodes.
func (w *world) prepare() {
	w.Helper()
	w.store, w.net = memory.New(), meshmemory.NewNet(mesh.Timing{})
	for _, e := range []*entity.Entity{
		{Name: "hyco"},
		{Name: "hyco/own"},
		{Name: "open", AnonymousSenders: true},
		{Name: "tcp", Kind: entity.NetTCP},
		{Name: "walled", Settings: entity.Settings{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}},
	} {
		w.create(e)
	}
}

func (w *world) create(e *entity.Entity) *entity.Entity {
	w.Helper()
	var err error
	if e.At, err = entity.NewAddress("", e.Name); err != nil {
		w.Fatal(err)
	}
	if e.Kind == "" {
		e.Kind = entity.Hybrid
	}
	stored, err := w.store.Put(w.Context(), e, store.Any)
	if err != nil {
		w.Fatal(err)
	}
	return stored
}

// add makes a node whose relay is not open yet.
func (w *world) add(num mesh.Num, change func(*relay.Params)) *node {
	w.Helper()
	n := &node{w: w}
	var err error
	n.bus, err = w.net.Join(w.Context(), mesh.Node{Num: num, Doors: map[string]string{"https": fmt.Sprintf("node%d:443", num)}})
	if err != nil {
		w.Fatal(err)
	}
	p := relay.Params{
		Store: w.store, Bus: n.bus, Link: &link{n},
		Verifiers: map[auth.Scheme]auth.Verifier{auth.SAS: verifier{}},
		Hooks: relay.Hooks{
			Step: func(s relay.Step) {
				w.say("%d@%d", s.Number, s.Node)
				if s.Node != num || s.Tracking == "" || s.Text == "" || s.At.IsZero() {
					w.Errorf("step %+v of node %d", s, num)
				}
			},
			Listener: func(p *relay.Presence) { w.note(func() { n.presence = append(n.presence, *p) }) },
			Closed:   func(c *relay.Record) { w.note(func() { n.closed = append(n.closed, c) }) },
			Refused:  func(c *relay.Record) { w.note(func() { n.refused = append(n.refused, c) }) },
			Offer:    func(what string, _ time.Duration) { w.note(func() { n.outcomes = append(n.outcomes, what) }) },
		},
	}
	if change != nil {
		change(&p)
	}
	n.relay = relay.New(p)
	w.nodes = append(w.nodes, n)
	return n
}

func (w *world) note(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (w *world) say(format string, args ...any) {
	w.note(func() { w.told = append(w.told, fmt.Sprintf(format, args...)) })
}

// story gives what happened, and begins anew.
func (w *world) story() string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	all := strings.Join(w.told, " ")
	w.told = nil
	return all
}

// end drains what is left and looks for leaks.
func (w *world) end() {
	w.Helper()
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for _, n := range w.nodes {
		n.relay.Drain(over)
	}
	synctest.Wait()
	for _, n := range w.nodes {
		if c := n.relay.Counts(); c.Local+c.Streams+c.Exchanges+c.Pending+c.Connections != 0 || !n.dead && len(w.nodes) == 1 && c.Listeners != 0 {
			w.Errorf("left at node %d: %+v", n.num(), c)
		}
		n.relay.Close()
	}
	for _, n := range w.nodes {
		if err := n.bus.Close(); err != nil {
			w.Errorf("bus: %v", err)
		}
	}
	synctest.Wait()
	for _, p := range w.parties {
		p.check()
	}
	for _, l := range w.legs {
		if !l.over() {
			w.Errorf("the %s's leg is still open", l.name)
		}
	}
}

// only gives the one record of the shape on the list, and empties the list.
func (w *world) only(list *[]*relay.Record, kind string) relay.Record {
	w.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []relay.Record
	for _, c := range *list {
		if c.Shape == kind {
			found = append(found, *c)
		}
	}
	*list = nil
	if len(found) != 1 {
		w.Errorf("%d records of a %s, one expected: %+v", len(found), kind, found)
		return relay.Record{}
	}
	return found[0]
}

func (n *node) num() mesh.Num { return n.bus.Self().Num }

// verifier takes credentials of the form "rights" or "rights until seconds"; what is no rights is a wrong signature.
type verifier struct{}

func (verifier) Verify(c auth.Credential, _ auth.Scope, _ auth.Place, now time.Time) (auth.Claims, error) {
	names, until, _ := strings.Cut(c.Text, " until ")
	rights, err := entity.ParseRights(strings.Split(names, ","))
	if err != nil {
		return auth.Claims{}, fail.New(fail.InvalidSignature, "InvalidSignature: no.")
	}
	claims := auth.Claims{Rule: "rule", Rights: rights, Expires: now.Add(time.Hour)}
	if until != "" {
		var seconds int64
		if _, err := fmt.Sscan(until, &seconds); err != nil {
			return auth.Claims{}, err
		}
		claims.Expires = time.Unix(seconds, 0)
	}
	return claims, nil
}

func sas(text string) auth.Credential { return auth.Credential{Scheme: auth.SAS, Text: text} }

// link carries connections as pipes, straight to the other node's server.
type link struct{ n *node }

func (l *link) Dial(_ context.Context, to mesh.Num, p shape.Preface) (net.Conn, error) {
	if l.n.dialing != nil {
		l.n.dialing()
	}
	for _, other := range l.n.w.nodes {
		serve := other.serve
		if p.Door == relay.NodeDoor {
			serve = func(c net.Conn, _ shape.Preface) {
				if other.mute {
					_, _ = io.Copy(io.Discard, c)
					return
				}
				other.relay.ServeNode(c)
			}
		}
		if other.num() == to && !other.dead && serve != nil {
			near, far := netx.Pipe()
			l.n.w.note(func() {
				l.n.dials++
				other.carried = append(other.carried, far)
			})
			go serve(far, p) // ends with the pipe
			return near, nil
		}
	}
	return nil, fail.New(fail.NodeLost, "")
}

func (*link) Serve(func(net.Conn, shape.Preface)) {}
func (*link) Close() error                        { return nil }

// remote and remote2 are two sources.
var (
	remote  = netip.MustParseAddrPort("192.0.2.1:4711")
	remote2 = netip.MustParseAddrPort("192.0.2.2:4711")
)

func hello(path string) *shape.Hello {
	return &shape.Hello{
		Tracking: "track-" + path, At: entity.Address{Path: path}, Target: "/" + path, Host: "relay.example", Door: "https",
		Remote: remote,
	}
}

// ear is a listener's control channel.
type ear struct {
	listener *relay.Listener
	seat     *relay.Seat
	node     *node
	offers   chan *shape.Offer
	left     chan *shape.End
	checks   chan struct{}
	offer    func(context.Context, *shape.Offer) error // nil: takes every offer
}

// Offer implements shape.Offerer.
func (e *ear) Offer(ctx context.Context, o *shape.Offer) error {
	if e.offer != nil {
		return e.offer(ctx, o)
	}
	e.offers <- o
	return nil
}

func (n *node) ear(id string) *ear {
	e := &ear{node: n, offers: make(chan *shape.Offer, 64), left: make(chan *shape.End, 4), checks: make(chan struct{}, 64)}
	e.listener = &relay.Listener{
		ID: id, Stream: e, Leave: func(end *shape.End) { e.left <- end }, Check: func() { e.checks <- struct{}{} },
	}
	if g, ok := guid(id); ok {
		e.listener.GUID = g
	}
	return e
}

func guid(id string) (g relay.GUID, ok bool) {
	var n uint16
	if _, err := fmt.Sscanf(id, "00000000-0000-4000-8000-%x", &n); err != nil {
		return g, false
	}
	return relay.GUID{6: 0x40, 8: 0x80, 14: byte(n >> 8), 15: byte(n)}, true
}

func guidText(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }

// sit lets the ear in.
func (e *ear) sit(path, token string) error {
	h := hello(path)
	var err error
	e.seat, err = e.node.relay.Listen(e.node.w.Context(), relay.Ask{Need: entity.Listen, Cred: sas(token)}, h, e.listener)
	return err
}

// listen lets a listener in that takes every offer.
func (n *node) listen(path string) *ear {
	n.w.Helper()
	e := n.ear(fmt.Sprintf("listener of %s", path))
	if err := e.sit(path, "Listen"); err != nil {
		n.w.Fatal(err)
	}
	return e
}

// leave is the listener going away.
func (e *ear) leave() { e.seat.Leave(&shape.End{Why: fail.PeerClosed, Code: 1000}) }

// next waits for an offer.
func (e *ear) next() *shape.Offer {
	e.node.w.Helper()
	synctest.Wait()
	select {
	case o := <-e.offers:
		return o
	default:
		e.node.w.Fatal("the listener was told of no sender")
		return nil
	}
}

// ended waits for the gateway's word that the channel is over; nil when there is none.
func (e *ear) ended() *shape.End {
	synctest.Wait()
	select {
	case end := <-e.left:
		return end
	default:
		return nil
	}
}

// party is a sender or a listener at its rendezvous.
type party struct {
	w      *world
	name   string
	hello  *shape.Hello
	leave  context.CancelCauseFunc
	done   chan error // of Stream
	reject error      // of Accept

	mu      sync.Mutex
	answers []string // accept or the code of the refusal
	said    *fail.Error
	choice  string
	leg     *leg
	taken   bool // Detach
}

func (w *world) party(name, path string) *party {
	p := &party{w: w, name: name, hello: hello(path)}
	w.note(func() { w.parties = append(w.parties, p) })
	return p
}

// Hello implements shape.Party.
func (p *party) Hello() *shape.Hello { return p.hello }

// Accept implements shape.Party.
func (p *party) Accept(a shape.Answer) (shape.Leg, error) {
	p.w.say("accept-%s", p.name)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers, p.choice = append(p.answers, "accept"), a.Choice
	if p.reject != nil {
		return nil, p.reject
	}
	p.leg = newLeg(p.name)
	p.w.note(func() { p.w.legs = append(p.w.legs, p.leg) })
	return p.leg, nil
}

// Refuse implements shape.Party.
func (p *party) Refuse(err *fail.Error) {
	p.w.say("refuse-%s", p.name)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers, p.said = append(p.answers, string(err.Code)), err
}

// check: a party was answered once, or was carried away and never again.
func (p *party) check() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.answers) != 1 && !(p.taken && len(p.answers) == 0) {
		p.w.Errorf("the %s was answered %d times: %v", p.name, len(p.answers), p.answers)
	}
}

// answer is what the party was told by now; "" nothing.
func (p *party) answer() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.answers, " ")
}

// sender begins a stream.
func (n *node) sender(path string, change ...func(*party, *relay.Ask)) *party {
	p := n.w.party("sender", path)
	p.done = make(chan error, 1)
	ask := relay.Ask{Need: entity.Send, Cred: sas("Send")}
	for _, f := range change {
		f(p, &ask)
	}
	var ctx context.Context
	ctx, p.leave = context.WithCancelCause(context.Background())
	go func() {
		defer p.leave(nil)
		p.done <- n.relay.Stream(ctx, ask, p)
	}()
	return p
}

// result waits for the end of the stream.
func (p *party) result() error {
	p.w.Helper()
	synctest.Wait()
	select {
	case err := <-p.done:
		return err
	default:
		p.w.Fatalf("the stream is not over; the sender was told %q", p.answer())
		return nil
	}
}

// refusal waits for the sender's no and says what it was.
func (p *party) refusal() fail.Code {
	p.w.Helper()
	err := p.result()
	var no *fail.Error
	if !errors.As(err, &no) || p.answer() != string(no.Code) {
		p.w.Fatalf("the stream gave %v, the sender was told %q", err, p.answer())
	}
	return no.Code
}

// join seats a listener at its rendezvous.
func (n *node) join(t shape.Ticket) (*party, error) {
	p := n.w.party("listener", "rendezvous")
	err := n.relay.Join(n.w.Context(), t, p)
	return p, err
}

// meet brings a sender and the listener together.
func (w *world) meet(from *node, e *ear, path string) (sender, listener *party) {
	w.Helper()
	sender = from.sender(path)
	listener, err := from.join(e.next().Ticket)
	if err != nil {
		w.Fatal(err)
	}
	if a, b := sender.answer(), listener.answer(); a != "accept" || b != "accept" {
		w.Fatalf("the sender was told %q, the listener %q", a, b)
	}
	return sender, listener
}

// leg is one side of a stream whose peer is the test.
type leg struct {
	name string
	in   chan []byte // what the peer sends; closed: its Close
	out  chan string // what it is sent
	gone chan struct{}

	mu    sync.Mutex
	ends  []shape.End // the one it was closed or aborted with, in order
	close sync.Once
}

func newLeg(name string) *leg {
	return &leg{name: name, in: make(chan []byte, 16), out: make(chan string, 16), gone: make(chan struct{})}
}

func (*leg) Caps() shape.Caps { return shape.Caps{Messages: true, HalfClose: true} }

func (l *leg) Read(b *shape.Batch) error {
	select {
	case data, ok := <-l.in:
		if !ok {
			return &shape.End{Why: fail.PeerClosed, Code: 1000}
		}
		b.Buf = slices.Concat(make([]byte, shape.Headroom), data)
		b.Pieces = append(b.Pieces[:0], shape.Piece{Off: shape.Headroom, Len: len(data), Last: true})
		return nil
	case <-l.gone:
		return &shape.End{Why: fail.Aborted}
	}
}

func (l *leg) Write(b *shape.Batch) error {
	for _, p := range b.Pieces {
		select {
		case l.out <- string(b.Buf[p.Off : p.Off+p.Len]):
		case <-l.gone:
			return &shape.End{Why: fail.Aborted}
		}
	}
	return nil
}

func (l *leg) CloseWrite(end *shape.End) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends = append(l.ends, *end)
	return nil
}

func (l *leg) Abort(end *shape.End) {
	l.mu.Lock()
	l.ends = append(l.ends, *end)
	l.mu.Unlock()
	l.Close()
}

func (l *leg) Close() { l.close.Do(func() { close(l.gone) }) }

func (l *leg) over() bool {
	select {
	case <-l.gone:
		return true
	default:
		return false
	}
}

// got is what the peer received.
func (l *leg) got() string {
	synctest.Wait()
	select {
	case s := <-l.out:
		return s
	default:
		return ""
	}
}

// lastEnd is what the peer was told at the end.
func (l *leg) lastEnd() shape.End {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ends) == 0 {
		return shape.End{}
	}
	return l.ends[len(l.ends)-1]
}
