package hc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// Receiver is a listener of a one-way or an event relay as any SDK is one, unchanged: the gateway asks it to accept a connection, and
// writes each message to that as one of WebSocket (docs/casts.md).
type Receiver struct {
	endpoint Endpoint
	take     func(message []byte)
	control  *websocket.Conn
	ctx      context.Context // of connections that are being opened
	stop     context.CancelFunc
	all      sync.WaitGroup

	mu    sync.Mutex
	lines map[*Conn]struct{}
	over  bool

	taking sync.Mutex
}

// Receive opens a control channel under an id. take is called for one message after the other, and its bytes are good until it returns.
func Receive(ctx context.Context, e Endpoint, id string, take func(message []byte)) (*Receiver, error) {
	c, err := e.open(ctx, e.address("listen", id))
	if err != nil {
		return nil, err
	}
	r := &Receiver{endpoint: e, take: take, control: c.ws, lines: map[*Conn]struct{}{}}
	r.ctx, r.stop = context.WithCancel(context.Background())
	r.all.Go(r.serve)
	return r, nil
}

// serve reads the control channel to its end.
func (r *Receiver) serve() {
	for {
		var m message
		if err := r.control.ReadJSON(&m); err != nil {
			if r.ctx.Err() == nil {
				log.Printf("control channel of a receiver: %v", err)
			}
			return
		}
		if m.Accept != nil {
			r.all.Go(func() { r.line(m.Accept.Address) })
		}
	}
}

// line is one connection with messages.
func (r *Receiver) line(address string) {
	c, err := r.endpoint.open(r.ctx, address)
	if err == nil && !r.keep(c) {
		return
	}
	if err == nil {
		err = c.Messages(func(b []byte) {
			r.taking.Lock() // the next connection may be there before the last message of this one
			r.take(b)
			r.taking.Unlock()
		})
		c.Close()
	}
	if err != nil && r.ctx.Err() == nil {
		log.Printf("connection for messages: %v", err)
	}
	r.mu.Lock()
	delete(r.lines, c)
	r.mu.Unlock()
}

// keep notes a connection, so that Close ends it; false: it is closed already.
func (r *Receiver) keep(c *Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		c.Close()
		return false
	}
	r.lines[c] = struct{}{}
	return true
}

// Close ends the listener and its connections, and waits for their goroutines.
func (r *Receiver) Close() error {
	r.stop()
	r.mu.Lock()
	r.over = true
	for c := range r.lines {
		c.Close()
	}
	r.mu.Unlock()
	err := r.control.Close()
	r.all.Wait()
	return err
}

// Messages reads whole messages until the connection ends, and gives each to take, whose bytes are good until it returns. nil: it ended
// in order.
func (c *Conn) Messages(take func(message []byte)) error {
	buf := make([]byte, 0, small)
	for {
		_, r, err := c.ws.NextReader()
		for buf = buf[:0]; err == nil; {
			if len(buf) == cap(buf) {
				buf = append(buf, 0)[:len(buf)]
			}
			var n int
			n, err = r.Read(buf[len(buf):cap(buf)])
			buf = buf[:len(buf)+n]
		}
		switch {
		case err == io.EOF: //nolint:errorlint // the documented end of a message, never wrapped
			take(buf)
		case websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway):
			return nil
		default:
			return err
		}
	}
}

// Count is what became of the messages for one listener, as the gateway counts them.
type Count struct {
	Delivered, Missed, Waiting uint64
}

// mostCounts bounds the list of listeners, some 400 bytes each.
const mostCounts = 16 << 20

// Counts asks the gateway for the counts of all listeners of the relay, by their ids. The key needs the right to manage.
func (e Endpoint) Counts(ctx context.Context) (map[string]Count, error) {
	address := "http" + strings.TrimPrefix(strings.TrimRight(e.Base, "/"), "ws") + "/$api/entities/" + url.PathEscape(e.Path) + "/listeners"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("ServiceBusAuthorization", e.token())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, mostCounts))
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	var list []struct {
		ID    string `json:"id"`
		Casts Count  `json:"casts"`
	}
	if err == nil {
		err = json.Unmarshal(b, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("counts of %s: %w", e.Path, err)
	}
	counts := make(map[string]Count, len(list))
	for _, l := range list {
		counts[l.ID] = l.Casts
	}
	return counts, nil
}
