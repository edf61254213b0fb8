package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/causeway-relay/causeway/bench/hc"
	"github.com/causeway-relay/causeway/bench/load"
)

// Relays of messages that nobody answers, by what becomes of a message. They are the names of entities too.
const (
	Event  = "event"  // it goes to every listener
	OneWay = "oneway" // it goes to one
)

// casting are the cells of such relays.
var casting = []string{"cast"}

// askWait bounds what a listener or a count is waited for.
const askWait = 10 * time.Second

// casts is one of the gateway's.
func (s *settings) casts(name string) *load.Casts {
	at := s.Endpoint
	at.Path = name
	return &load.Casts{
		Listen: func(id string, take func([]byte)) (io.Closer, error) {
			ctx, stop := context.WithTimeout(context.Background(), askWait)
			defer stop()
			r, err := hc.Receive(ctx, at, id, take)
			if err != nil {
				return nil, err // not a nil of the wrong type
			}
			return r, nil
		},
		Send: dialer(at),
		Counts: func() (map[string]load.Count, error) {
			ctx, stop := context.WithTimeout(context.Background(), askWait)
			defer stop()
			said, err := at.Counts(ctx)
			if err != nil {
				return nil, err
			}
			counts := make(map[string]load.Count, len(said))
			for id, n := range said {
				counts[id] = load.Count(n)
			}
			return counts, nil
		},
	}
}

// web is where senders of HTTP find an entity, with a token for it.
func (s *settings) web(name string) *load.Web {
	at := s.Endpoint
	at.Path = name
	return &load.Web{Dial: tcp(s.HTTPAddr), Host: s.HTTPHost, Path: "/" + name, Header: at.HTTPHeader()}
}

// fans is the bound of messages that nobody answers.
func fans() []Peer {
	return []Peer{{
		Name: "fanout", Kind: Limit, Default: true, Cells: casting,
		Note: "the bound of messages: a message is framed once and goes to a bounded queue before each WebSocket, or before one; a goroutine each writes what is queued with one call",
		start: func(e *Env) (*Tunnel, error) {
			addr := freeAddr()
			relays := map[string]*load.Casts{Event: fan(addr, "all"), OneWay: fan(addr, "one")}
			return alone(e, relays, addr, part{argv: []string{e.Self, "fanout", addr}})
		},
	}}
}

// connect opens a WebSocket.
func connect(addr, path string) (*hc.Conn, error) {
	ctx, stop := context.WithTimeout(context.Background(), askWait)
	defer stop()
	return hc.DialURL(ctx, "ws://"+addr+path)
}

// listening is a door at which a listener of a name opens one WebSocket, and gets the messages as they were sent.
func listening(addr string, path func(name string) string) func(string, func([]byte)) (io.Closer, error) {
	return func(name string, take func([]byte)) (io.Closer, error) {
		c, err := connect(addr, path(name))
		if err != nil {
			return nil, err
		}
		l := &line{c, make(chan struct{})}
		go func() { // Close waits for it
			defer close(l.over)
			_ = c.Messages(take) // a line that is lost has no count
		}()
		return l, nil
	}
}

// sending is a door at which a sender opens one WebSocket, and writes the messages as they are.
func sending(addr, path string) load.Dialer {
	return func() (net.Conn, error) {
		c, err := connect(addr, path)
		if err != nil {
			return nil, err // not a nil of the wrong type
		}
		return c, nil
	}
}

// fan is a relay of the bound, for senders of that path.
func fan(addr, path string) *load.Casts {
	return &load.Casts{
		Listen: listening(addr, func(name string) string { return "/" + path + "/" + name }),
		Send:   sending(addr, "/"+path),
		Counts: func() (counts map[string]load.Count, err error) {
			ctx, stop := context.WithTimeout(context.Background(), askWait)
			defer stop()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/counts/"+path, http.NoBody)
			if err != nil {
				return nil, err
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				return nil, err
			}
			defer res.Body.Close()
			if err := json.NewDecoder(res.Body).Decode(&counts); err != nil {
				return nil, fmt.Errorf("counts: %w", err)
			}
			return counts, nil
		},
	}
}

// line is a listener at such a door.
type line struct {
	conn *hc.Conn
	over chan struct{}
}

// Close implements io.Closer.
func (l *line) Close() error {
	err := l.conn.Close()
	<-l.over
	return err
}
