package manage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/events"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// heartbeat is how often a comment is sent when nothing happens: far below what balancers take for idle.
const heartbeat = 15 * time.Second

// events answers GET events: a stream of server-sent events (WHATWG HTML, section 9.2), from now on or behind Last-Event-ID.
// ?entity= is one relay.
func (a *API) events(_ context.Context, c *call) (answer, error) {
	query, err := queryOf(c.request.URL, "entity")
	if err != nil {
		return answer{}, err
	}
	var only *entity.Address
	if name := query.Get("entity"); name != "" {
		at, err := entity.NewAddress("", name)
		if err != nil {
			return answer{}, fail.Newf(fail.BadRequest, "The name cannot be an address: %v.", err)
		}
		only = &at
	}
	return answer{body: stream(func(w http.ResponseWriter) {
		out := newSender(w)
		if c.request.Method == http.MethodHead {
			return
		}
		s := &feed{
			sender: out, only: only,
			watcher: a.p.Events.Watch(strings.TrimSpace(c.request.Header.Get("Last-Event-ID"))),
		}
		s.run(c.request.Context())
	})}, nil
}

// feed is one watcher's stream. It runs on the goroutine of its request.
type feed struct {
	*sender

	only    *entity.Address // nil: all
	watcher *events.Watcher
}

// run writes until the peer leaves, is too slow, or the node goes.
func (f *feed) run(ctx context.Context) {
	hello := ": events of all nodes\n\n"
	if f.watcher.Missed() {
		hello = ": the last id is not known here any more: events may be missing before the next\n\n"
	}
	for err := f.send(hello); err == nil; {
		err = f.next(ctx)
	}
}

// next writes the next event, or a heartbeat when there is none for a while.
func (f *feed) next(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	e, err := f.watcher.Next(waiting)
	switch {
	case err == nil && f.wants(e):
		return f.send(message(e))
	case err == nil:
		return nil
	case errors.Is(err, events.ErrBehind):
		_ = f.send(fmt.Sprintf(": too slow: more than %d events behind. Connect again with Last-Event-ID\n\n", events.Kept)) // it ends anyway
		return err
	case errors.Is(err, events.ErrClosed):
		_ = f.send(": the node is shutting down\n\n") // as above
		return err
	case ctx.Err() != nil:
		return err
	}
	return f.send(": nothing happened\n\n")
}

// wants reports whether an event is one that was asked for.
func (f *feed) wants(e *events.Event) bool {
	if f.only == nil {
		return true
	}
	at, err := entity.NewAddress(f.only.Namespace, e.Entity)
	return err == nil && at == *f.only
}

// message is an event in its wire form.
func message(e *events.Event) string {
	b, err := json.Marshal(showEvent(e))
	if err != nil {
		return "" // an event is plain data: it cannot happen
	}
	return fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", e.ID, e.Name, b)
}

// showEvent is how an event is shown.
func showEvent(e *events.Event) wire.Event {
	shown := wire.Event{
		ID: e.ID, Time: e.Time.UTC(), Event: e.Name, Entity: e.Entity, Remote: e.Remote, Reason: e.Reason, Node: int(e.Node),
		Listener: e.Listener, Text: e.Text, Duration: wire.Span(e.Lasted), Certificate: e.Certificate,
	}
	if !e.NotAfter.IsZero() {
		until := e.NotAfter.UTC()
		shown.NotAfter = &until
	}
	return shown
}
