package casts

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/trust"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// What this file does: listeners of several kinds, most of them processes of their own, and what each wrote down, beside what the gateway says
// that it gave them. Each message has a sender's name and a number in its text, so that what is there twice, or out of order, shows.

// label is what tells messages apart: "message 7" is Mono's, "post 7" came by HTTP.
var label = regexp.MustCompile(`\b(?:message|post) \d+`)

// booked is a listener.
type booked struct {
	name  string
	id    string           // by which the gateway knows it
	acks  bool             // it says when it has a message; of others what was written to their connection counts as delivered
	loose bool             // Mono runs each call on a thread of its own: they overtake each other
	notes func() []string  // the labels that it wrote down, in its order
	p     *interop.Program // what is stopped and killed; nil: it is in this process
}

// books are the listeners of a relay.
type books struct {
	*interop.Stand
	t     *testing.T
	relay string
	api   *client.Client
	book  *ledger
	all   []*booked
	last  map[string]int // the last number of each sender
	loose bool           // messages are sent at the same time, in no order
}

func newBooks(t *testing.T, s *interop.Stand, relay string, kind entity.Kind) *books {
	t.Helper()
	s.Add(&entity.Entity{Name: relay, Kind: kind, AnonymousSenders: true})
	b := &books{Stand: s, t: t, relay: relay, book: newLedger(), last: map[string]int{}}
	var err error
	if b.api, err = client.New(client.Params{ConnectionString: b.key(s.Listen), Roots: trust.Roots{File: s.CA}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.api.Close)
	return b
}

// key is the connection string of all rights at one node's door: Listen or Send.
func (b *books) key(door string) string {
	return "Endpoint=sb://" + door + "/;SharedAccessKeyName=" + b.Rule + ";SharedAccessKey=" + b.Key
}

// until waits until nothing is wrong any more.
func (b *books) until(what string, wrong func() string) {
	b.t.Helper()
	limit, tick := time.NewTimer(interop.Patience), time.NewTicker(20*time.Millisecond)
	defer limit.Stop()
	defer tick.Stop()
	for {
		text := wrong()
		if text == "" {
			return
		}
		select {
		case <-tick.C:
		case <-limit.C:
			b.t.Fatalf("%s: %s", what, text)
		}
	}
}

// counts are the gateway's of each listener that is there.
func (b *books) counts() (map[string]wire.Casts, error) {
	list, err := b.api.Listeners(interop.Context(b.t), b.relay)
	all := map[string]wire.Casts{}
	for _, l := range list {
		all[l.ID] = l.Casts
	}
	return all, err
}

// enter notes a listener that has come: the one that the gateway did not know before.
func (b *books) enter(l *booked) *booked {
	b.t.Helper()
	b.until(l.name+" at the gateway", func() string {
		now, err := b.counts()
		for id := range now {
			if !slices.ContainsFunc(b.all, func(other *booked) bool { return other.id == id }) {
				l.id = id
			}
		}
		if err != nil || l.id == "" {
			return fmt.Sprintf("%d listeners, %v", len(now), err)
		}
		return ""
	})
	b.all = append(b.all, l)
	return l
}

// receiver is our Go API in this process.
func (b *books) receiver(name, door string) *booked {
	b.t.Helper()
	l, err := hybrid.Listen(b.t.Context(), b.key(door), hybrid.WithEntity(b.relay), hybrid.WithCAFile(b.CA), hybrid.WithReceiver(func(_ context.Context, m *hybrid.Message) error {
		b.book.add(name, label.FindString(string(m.Data)))
		return nil
	}))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = l.Close() })
	return b.enter(&booked{name: name, acks: true, notes: func() []string { return b.book.list(name) }})
}

// sdk is a listener of hyco-ws (kind ws) or hyco-https in a process of its own.
func (b *books) sdk(name, door, kind string) *booked {
	b.t.Helper()
	env := b.Listener(b.relay)
	if door == b.Send {
		env = b.Sender(b.relay)
	}
	p := b.Node(b.t, env, "cast-listener.js", kind, "1")
	p.Await(`^all listening$`)
	return b.enter(&booked{name: name, acks: kind == "https", p: p, notes: func() []string { return labels(p.Text(), "got ") }})
}

// labels are those of the lines that begin so.
func labels(text, begin string) (all []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, begin) && strings.HasSuffix(line, "\n") {
			all = append(all, label.FindString(line))
		}
	}
	return all
}

// connector is `causeway listen`.
func (b *books) connector(name, door, target string, notes func() []string, flags ...string) *booked {
	b.t.Helper()
	flags = append([]string{"listen", b.relay, "--connection-string", b.key(door), "--ca-file", b.CA, "--target", target}, flags...)
	p := interop.Start(b.t, b.t.TempDir(), nil, interop.Command(b.t), flags...)
	p.Await("^" + b.relay + ": listening")
	return b.enter(&booked{name: name, acks: true, p: p, notes: notes})
}

// web is `causeway listen` before a web server of this process.
func (b *books) web(name, door string) *booked {
	b.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // it was killed: the message is not here
		}
		b.book.add(name, label.FindString(string(body)))
	}))
	b.t.Cleanup(server.Close)
	return b.connector(name, door, server.URL, func() []string { return b.book.list(name) })
}

// service is `causeway listen` before a Mono service of net.tcp, which goes by the address that its clients know: a message for another one it
// drops without a word, since nobody waits for an answer.
func (b *books) service(name, door string, host *mono.Host) *booked {
	b.t.Helper()
	at := "net.tcp://127.0.0.1:" + interop.FreePort(b.t) + "/svc"
	host.ServiceAt("tcp", "echo", b.via(), at)
	l := b.connector(name, door, at, func() []string { return labels(host.Text(), "notify: ") })
	l.loose = true
	return l
}

// via is the relay for senders of net.tcp.
func (b *books) via() string { return "net.tcp://" + b.Cluster.Node(0).Host("nettcp") + "/" + b.relay }

// mono begins to send n messages by a Mono client of net.tcp, one way. end waits until it has.
func (b *books) mono(host *mono.Host, n int) (end func()) {
	b.t.Helper()
	b.last["message"] += n
	done := host.Begin("tcp", "echo", b.via(), strings.TrimSuffix(strings.Repeat("notify-next,", n), ","))
	return func() {
		b.t.Helper()
		if lines, ok := done(interop.Patience); !ok || len(lines) != n+1 || strings.Contains(strings.Join(lines, " "), "FAILED") {
			b.t.Fatalf("Mono says %q", lines)
		}
	}
}

// soap12 is a one-way call.
func soap12(text string) string {
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>` +
		`<a:Action s:mustUnderstand="1">http://tempuri.org/IEcho/Notify</a:Action></s:Header>` +
		`<s:Body><Notify xmlns="http://tempuri.org/"><text>` + text + `</text></Notify></s:Body></s:Envelope>`
}

const soap12Type = "application/soap+xml; charset=utf-8"

// url is the relay for senders of HTTP.
func (b *books) url() string { return "http://" + b.Cluster.Node(0).Host("http") + "/" + b.relay }

// sent is how many messages were sent in all.
func (b *books) sent() (n int) {
	for _, last := range b.last {
		n += last
	}
	return n
}

// has is what is wrong with a listener that has to have all messages.
func (b *books) has(those ...*booked) string {
	for _, l := range those {
		if n := len(l.notes()); n < b.sent() {
			return fmt.Sprintf("%s wrote down %d of %d", l.name, n, b.sent())
		}
	}
	return ""
}

// once wants what a listener wrote down to be what was sent, in the order of each sender, nothing twice.
func (b *books) once(l *booked) {
	b.t.Helper()
	last, all := map[string]int{}, l.notes()
	if l.loose || b.loose {
		slices.SortFunc(all, func(x, y string) int { return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)) })
	}
	for _, note := range all {
		who, number, _ := strings.Cut(note, " ")
		n, err := strconv.Atoi(number)
		if err != nil || n <= last[who] || n > b.last[who] {
			b.t.Errorf("%s wrote down %q behind %d; %d were sent", l.name, note, last[who], b.last[who])
		}
		last[who] = n
	}
}

// settled waits until each of these listeners has written down what the gateway says that it was given, nothing waits for it, and what it was
// given and what it missed fit: all that was sent, where fit is nil.
func (b *books) settled(those []*booked, fit func(map[string]wire.Casts) string) map[string]wire.Casts {
	b.t.Helper()
	var now map[string]wire.Casts
	b.until("the counts of all listeners", func() string {
		var err error
		if now, err = b.counts(); err != nil {
			return err.Error()
		}
		for _, l := range those {
			c, there := now[l.id]
			wrote := len(l.notes())
			all := c.Delivered+c.Missed == int64(b.sent()) || fit != nil
			if !there || c.Waiting != 0 || int64(wrote) != c.Delivered || !all {
				return fmt.Sprintf("%s wrote down %d; %+v, %d were sent", l.name, wrote, c, b.sent())
			}
		}
		if fit != nil {
			return fit(now)
		}
		return ""
	})
	for _, l := range those {
		b.once(l)
	}
	return now
}

// account waits for the log's last line on a listener that has gone.
func (b *books) account(l *booked) wire.Casts {
	b.t.Helper()
	line := b.Cluster.Await(interop.Context(b.t), "the account of "+l.name, func(line map[string]string) bool {
		return line["msg"] == "closed" && line["shape"] == "listener" && line["listener"] == l.id
	})
	taken, err := strconv.ParseInt(line["taken"], 10, 64)
	if err != nil {
		b.t.Errorf("%s: taken %v", l.name, err)
	}
	missed, err := strconv.ParseInt(line["missed"], 10, 64)
	if err != nil {
		b.t.Errorf("%s: missed %v", l.name, err)
	}
	return wire.Casts{Delivered: taken, Missed: missed}
}

// logged sums up what senders were told of their messages: listeners that took one, listeners that did not.
func (b *books) logged() (n int64) {
	for line := range strings.Lines(b.Cluster.Log()) {
		var l struct {
			Msg    string `json:"msg"`
			Shape  string `json:"shape"`
			Entity string `json:"entity"`
			Taken  int64  `json:"taken"`
			Missed int64  `json:"missed"`
		}
		if json.Unmarshal([]byte(line), &l) == nil && l.Msg == "closed" && l.Shape == "cast" && l.Entity == b.relay {
			n += l.Taken + l.Missed
		}
	}
	return n
}

// metric sums up causeway_casts_total of all nodes.
func (b *books) metric(outcomes ...string) (n int64) {
	b.t.Helper()
	nodes := 1
	if b.Listen != b.Send {
		nodes = 2
	}
	for node := range nodes {
		for _, o := range outcomes {
			n += int64(b.Cluster.Metric(node, "causeway_casts_total", `outcome="`+o+`"`))
		}
	}
	return n
}
