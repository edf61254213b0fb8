package hybrid

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
)

// crowd is several listeners of one kind at one hybrid connection, numbered from 0.
type crowd struct {
	s      *interop.Stand
	relay  string
	client *http.Client
	ids    []string // by which the gateway knows them
	names  []string // by which they call themselves in answers
	served []int
}

// guid is a number as a GUID: what senders name listeners by.
func guid(n int) string { return fmt.Sprintf("%08d-1111-4222-8333-444444444444", n) }

// gather starts three listeners. The gateway's log has the id of one that chose it by itself.
func gather(t *testing.T, s *interop.Stand, relay string, start func(t *testing.T, s *interop.Stand, relay, id string)) *crowd {
	t.Helper()
	c := &crowd{s: s, relay: relay, client: webClient(t, s), served: make([]int, 3)}
	for i := range c.served {
		name := guid(i)
		start(t, s, relay, name)
		c.names, c.ids = append(c.names, name), append(c.ids, newcomer(t, s, relay, c.ids))
	}
	return c
}

// newcomer waits for the id of a listener that is not known yet.
func newcomer(t *testing.T, s *interop.Stand, relay string, known []string) (id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), interop.Patience)
	defer cancel()
	s.Await(ctx, "a listener at "+relay, func(line map[string]string) bool {
		id = line["listener"]
		return line["msg"] == "listener online" && line["entity"] == relay && !slices.Contains(known, id)
	})
	return id
}

// ask sends a GET with a targeting header and gives the number of who answered; -1: nobody did, for the reason.
func (c *crowd) ask(t *testing.T, header, listeners string) (number int, reason string) {
	t.Helper()
	target := &targeted{header: header, listeners: listeners}
	client := *c.client
	client.Transport = target.over(c.client.Transport)
	a, _, err := (&matrixCase{}).send(t.Context(), &client, c.s, c.relay)
	if err != nil {
		t.Fatal(err)
	}
	if a.StatusCode != http.StatusOK {
		return -1, a.Status
	}
	var got seen
	if err := json.Unmarshal([]byte(a.Header.Get("X-Seen")), &got); err != nil {
		t.Fatal(err)
	}
	number = slices.Index(c.names, got.ID)
	if number < 0 {
		t.Fatalf("listener %q answered", got.ID)
	}
	c.served[number]++
	return number, ""
}

// targeted puts a header on every request.
type targeted struct {
	header, listeners string
	next              http.RoundTripper
}

func (d *targeted) over(next http.RoundTripper) http.RoundTripper { d.next = next; return d }

// RoundTrip implements http.RoundTripper.
func (d *targeted) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(d.header, d.listeners)
	return d.next.RoundTrip(r)
}

// TestTargeting: a sender names the listeners that may serve it, or those that may not (rows 32 and 33 of the public suites), by each
// kind of listener.
func TestTargeting(t *testing.T) {
	t.Parallel()
	interop.Need(t, "node")
	const foreign = "99999999-1111-4222-8333-444444444444"
	const none = "None of the connected listeners meet the AllowedListeners/DisallowedListeners criteria"
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for _, l := range ordered {
			t.Run(l.name, func(t *testing.T) {
				for _, relay := range relays(s, l.name) {
					c := gather(t, s, relay, l.start)
					others := func(i int) string { return strings.Join(slices.Delete(slices.Clone(c.ids), i, i+1), ",") }
					for _, row := range []struct {
						header string
						only   func(i int) string // leaves listener i
						nobody string
						two    string // leaves two
						left   []int
					}{
						{"Microsoft-Relay-AllowedListeners", func(i int) string { return c.ids[i] }, foreign, c.ids[0] + "," + c.ids[1], []int{0, 1}},
						{"Microsoft-Relay-DisallowedListeners", others, strings.Join(c.ids, ","), c.ids[0], []int{1, 2}},
					} {
						c.served = make([]int, len(c.ids))
						for i := range c.ids {
							for range i + 1 {
								c.ask(t, row.header, row.only(i))
							}
						}
						if !slices.Equal(c.served, []int{1, 2, 3}) {
							t.Errorf("%s, %s: served %v", relay, row.header, c.served)
						}
						if n, reason := c.ask(t, row.header, row.nobody); n >= 0 || !strings.HasPrefix(reason, "404 ") || !strings.Contains(reason, none) {
							t.Errorf("%s, %s that leaves nobody: listener %d, %q", relay, row.header, n, reason)
						}
						if n, _ := c.ask(t, row.header, row.two); !slices.Contains(row.left, n) {
							t.Errorf("%s, %s: listener %d served what only %v may", relay, row.header, n, row.left)
						}
					}
				}
			})
		}
	})
}
