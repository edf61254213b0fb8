package manage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/gateway/tap"
	"github.com/causeway-relay/causeway/gateway/tap/nodes"
)

// tap answers GET entities/{entity}/tap: what passes the relay on all nodes, as server-sent events (WHATWG HTML, section 9.2), until
// the peer leaves. ?bytes= is how much of a body, a message or a piece of a stream is shown. The log says who looked.
func (a *API) tap(_ context.Context, c *call) (answer, error) {
	query, err := queryOf(c.request.URL, "bytes")
	if err != nil {
		return answer{}, err
	}
	var o tap.Options
	if text := query.Get("bytes"); text != "" {
		if o.Bytes, err = strconv.Atoi(text); err != nil || o.Bytes < 1 || o.Bytes > tap.MaxBytes {
			return answer{}, fail.Newf(fail.BadRequest, "bytes: expected a number from 1 to %d.", tap.MaxBytes)
		}
	}
	ent := a.p.Store.View().Get(c.at)
	if ent == nil {
		return answer{}, noEntity(c.args["entity"])
	}
	if c.request.Method == http.MethodHead {
		return answer{body: stream(func(w http.ResponseWriter) { newSender(w) })}, nil
	}
	watch, err := a.p.Watch(ent.At, o)
	if err != nil {
		return answer{}, err
	}
	a.p.Log.LogAttrs(c.request.Context(), slog.LevelInfo, "tap", slog.String("entity", ent.Name), slog.String("rule", c.who),
		slog.String("remote", c.request.RemoteAddr), slog.String("tracking", c.tracking))
	return answer{body: stream(func(w http.ResponseWriter) {
		defer watch.Close()
		s := &sights{newSender(w), watch}
		s.run(c.request.Context())
	})}, nil
}

// sights is one watcher's stream. It runs on the goroutine of its request.
type sights struct {
	*sender

	watch *nodes.Watch
}

// run writes until the peer leaves, is too slow, or the node goes.
func (s *sights) run(ctx context.Context) {
	for err := s.send(": what passes, on all nodes\n\n"); err == nil; {
		err = s.next(ctx)
	}
}

// next writes the next record, or a heartbeat when there is none for a while.
func (s *sights) next(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	r, err := s.watch.Next(waiting)
	switch {
	case err == nil:
		return s.show(r)
	case errors.Is(err, tap.ErrClosed):
		_ = s.send(": the node is shutting down\n\n") // it ends anyway
		return err
	case ctx.Err() != nil:
		return err
	}
	return s.send(": nothing passed\n\n")
}

func (s *sights) show(r *tap.Record) error {
	b, err := json.Marshal(showSeen(r))
	if err != nil {
		return err
	}
	return s.send(fmt.Sprintf("event: %s\ndata: %s\n\n", r.Event, b))
}

// showSeen is how a record is shown.
func showSeen(r *tap.Record) wire.Seen {
	s := wire.Seen{
		Time: r.Time.UTC(), Event: string(r.Event), Shape: r.Shape, Tracking: r.Tracking, Entity: r.Entity, Listener: r.Listener, Remote: r.Remote, Door: r.Door,
		Node: int(r.Node), ListenerNode: int(r.PeerNode), Dir: string(r.Dir), Method: r.Method, Target: r.Target, Action: r.Action, Status: r.Status, Reason: r.Reason,
		Text: r.Text, Type: r.Type, Data: r.Data, Size: r.Size, Words: r.Words, Last: r.Last, In: r.In, Out: r.Out, Taken: r.Taken, Lost: r.Lost, Missed: r.Missed,
	}
	for _, f := range r.Fields {
		s.Fields = append(s.Fields, [2]string{f.Name, f.Value})
	}
	return s
}
