package gateway

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/events"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/store"
)

// news turns what the parts of the node tell into events of all nodes, and remembers from the events who listened where.
type news struct {
	log     *events.Log
	history *presence.History
	stop    func() // ends the watch of the store

	mu     sync.Mutex
	limits map[limitKey]time.Time // when a limit was last told of
	expiry map[string]string      // by certificate: which of its ends was told last
}

type limitKey struct {
	entity string
	code   fail.Code
}

// limitSpacing is the shortest time between two events of one limit: a storm of refusals is one piece of news. maxLimits bounds
// what is remembered of that.
const (
	limitSpacing = time.Minute
	maxLimits    = 4096
)

// openNews makes the log of events.
func openNews(bus mesh.Bus, s store.Store) *news {
	n := &news{history: presence.NewHistory(), limits: make(map[limitKey]time.Time), expiry: make(map[string]string)}
	n.log = events.New(events.Params{Bus: bus, Saw: n.remember})
	n.stop = s.Watch(n.changed)
	return n
}

// close ends the log and with it all who follow it. It may be called twice, and on nil.
func (n *news) close() {
	if n == nil {
		return
	}
	n.stop()
	n.log.Close()
}

// states of a listener that are no news of their own: slow, and not slow any more.
var happened = map[string]string{
	events.ListenerConnected: presence.Connected, events.ListenerDisconnected: presence.Disconnected,
	events.ListenerDeaf: presence.WentDeaf, events.ListenerBack: presence.CameBack,
}

// listener tells of a listener's coming, going and hearing.
func (n *news) listener(p *relay.Presence) {
	var name string
	switch {
	case p.Was == presence.Gone:
		name = events.ListenerConnected
	case !p.Online:
		name = events.ListenerDisconnected
	case p.State == presence.Deaf:
		name = events.ListenerDeaf
	case p.Was == presence.Deaf:
		name = events.ListenerBack
	default:
		return
	}
	e := &events.Event{
		Name: name, Time: p.Time, Entity: p.Entity, Node: uint16(p.Node), Listener: p.Listener, Channel: p.Channel, Remote: p.Remote,
		Reason: string(p.Reason), Text: p.Text, Lasted: p.Lasted,
	}
	if p.Reason == fail.NodeLost { // every node that is left sees it
		e.ID = fmt.Sprintf("%d-lost-%d", p.Node, p.Channel)
		n.log.Add(e)
		return
	}
	n.log.Publish(e)
}

// missed tells of a listener that begins to miss messages.
func (n *news) missed(m *relay.Missed) {
	n.log.Publish(&events.Event{
		Name: events.ListenerMissing, Time: m.Time, Entity: m.Entity, Node: uint16(m.Node), Listener: m.Listener, Reason: string(m.Reason), Text: m.Text,
	})
}

// remember takes listeners' events into the history. It runs under the log's lock.
func (n *news) remember(e *events.Event) {
	event, ok := happened[e.Name]
	if !ok {
		return
	}
	n.history.Add(presence.Note{
		Entity: e.Entity, Listener: e.Listener, Channel: e.Channel, Node: e.Node, Event: event, Reason: e.Reason, Text: e.Text,
		Remote: e.Remote, Deleted: e.Reason == string(fail.EntityDeleted), Lasted: e.Lasted, Time: e.Time,
	})
}

// changed tells of an entity that was made, changed or deleted. Every node's store says it to that node: the ids are the
// store's revisions.
func (n *news) changed(c store.Change) {
	switch e := c.Put; {
	case c.Deleted != nil:
		n.log.Add(&events.Event{ID: fmt.Sprintf("0-%d-deleted", c.Deleted.Revision), Name: events.EntityDeleted, Entity: c.Deleted.Name})
	case e == nil:
	case e.CreatedAt.Equal(e.UpdatedAt):
		n.log.Add(&events.Event{ID: fmt.Sprintf("0-%d", e.Revision), Name: events.EntityCreated, Entity: e.Name, Time: e.CreatedAt})
	default:
		n.log.Add(&events.Event{ID: fmt.Sprintf("0-%d", e.Revision), Name: events.EntityUpdated, Entity: e.Name, Time: e.UpdatedAt})
	}
}

// refused tells of a limit that somebody met.
func (n *news) refused(c *relay.Record) {
	switch c.Reason {
	case fail.ListenerLimit, fail.ConnectionLimit, fail.Overloaded:
	default:
		return
	}
	key, now := limitKey{c.Entity, c.Reason}, time.Now()
	n.mu.Lock()
	last, known := n.limits[key]
	told := known && now.Sub(last) < limitSpacing
	if !told {
		if len(n.limits) >= maxLimits {
			clear(n.limits)
		}
		n.limits[key] = now
	}
	n.mu.Unlock()
	if !told {
		n.log.Publish(&events.Event{
			Name: events.LimitReached, Entity: c.Entity, Node: uint16(c.Node), Remote: c.Remote.String(), Reason: string(c.Reason), Text: c.Text,
		})
	}
}

// expiryDays are how long before its end a certificate is told of, once each.
var expiryDays = []int{0, 1, 7, 21}

// expiring tells of a certificate that ends soon.
func (n *news) expiring(node mesh.Num, name string, notAfter, now time.Time) {
	left := notAfter.Sub(now)
	for _, days := range expiryDays {
		if left > time.Duration(days)*24*time.Hour {
			continue
		}
		which := fmt.Sprintf("%d of %s", days, notAfter)
		n.mu.Lock()
		told := n.expiry[name] == which
		n.expiry[name] = which
		n.mu.Unlock()
		if !told {
			text := "It ends within " + strconv.Itoa(days) + " days."
			switch days {
			case 0:
				text = "It has ended."
			case 1:
				text = "It ends within a day."
			}
			n.log.Publish(&events.Event{Name: events.CertificateExpiring, Node: uint16(node), Certificate: name, NotAfter: notAfter, Text: text})
		}
		return
	}
}

// CertificateExpiring makes an event of a certificate that ends within 21, 7 or 1 days, or has ended: once for each of these.
// It may be called as often as one likes, for every certificate, from any goroutine.
func (g *Gateway) CertificateExpiring(name string, notAfter time.Time) {
	g.news.expiring(g.p.Node, name, notAfter, time.Now())
}
