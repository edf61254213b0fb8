package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// silence is how long a stream of events may be without a byte: the gateway sends a comment every 15 seconds.
const silence = 50 * time.Second

// errSilent is the end of a stream of events whose gateway said nothing for too long.
var errSilent = errors.New("the gateway said nothing for " + silence.String())

// Traffic shows what runs on all nodes, with at most most streams and listeners.
func (c *Client) Traffic(ctx context.Context, most int) (t wire.Traffic, err error) {
	err = c.ask(ctx, http.MethodGet, path("traffic")+"?most="+strconv.Itoa(most), always, nil, &t)
	return t, err
}

// StatusOf is Status with more of one relay: its members Entity, Listening, and its presence alone.
func (c *Client) StatusOf(ctx context.Context, name string) (s wire.Status, err error) {
	err = c.ask(ctx, http.MethodGet, path("status")+"?"+url.Values{"entity": {name}}.Encode(), always, nil, &s)
	return s, err
}

// Events follows what happens: on one relay, or on all for "", behind the event with the id after, or from now on for "". open is
// called when the stream stands, each for every event; an error of it ends the stream and is given back. A stream never ends
// by itself: another error says why it was lost, an *Unreachable when that may be over soon.
func (c *Client) Events(ctx context.Context, entity, after string, open func(), each func(*wire.Event) error) error {
	target := path("events")
	if entity != "" {
		target += "?" + url.Values{"entity": {entity}}.Encode()
	}
	var feed wire.Feed
	return c.lines(ctx, target, after, wire.MaxLine, open, func(line string) error {
		e, ok, err := feed.Line(line)
		if ok {
			err = each(&e)
		}
		return err
	})
}

// Tap follows what passes a relay on all nodes, with at most so many bytes of each body, message or piece; 0 leaves the number to the
// gateway. open, each and the end are as with Events.
func (c *Client) Tap(ctx context.Context, entity string, bytes int, open func(), each func(*wire.Seen) error) error {
	target := path("entities", entity, "tap")
	if bytes > 0 {
		target += "?bytes=" + strconv.Itoa(bytes)
	}
	var feed wire.SeenFeed
	return c.lines(ctx, target, "", wire.MaxSeen, open, func(line string) error {
		s, ok, err := feed.Line(line)
		if ok {
			err = each(&s)
		}
		return err
	})
}

// lines gives the lines of a stream of events, each at most longest bytes, until one of them or the stream ends with an error.
func (c *Client) lines(ctx context.Context, target, after string, longest int, open func(), each func(line string) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer watchdog.Stop()
	body, host, err := c.follow(ctx, target, after)
	if err != nil {
		return err
	}
	defer body.Close()
	open()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, longest+64)
	for lines.Scan() {
		watchdog.Reset(silence)
		if err := each(lines.Text()); err != nil {
			return err
		}
	}
	err = lines.Err()
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case err == nil:
		err = io.EOF
	}
	return &Unreachable{Host: host, Err: fmt.Errorf("the stream of events ended: %w", err), Do: "it may be restarting: wait and repeat"}
}

// follow opens the stream.
func (c *Client) follow(ctx context.Context, target, after string) (body io.ReadCloser, host string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+target, http.NoBody)
	if err != nil {
		return nil, "", fmt.Errorf("make the request: %w", err)
	}
	r.Header.Set(c.header, c.sign(time.Now()))
	r.Header.Set("Accept", "text/event-stream")
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	endless := *c.http
	endless.Timeout = 0
	answer, err := endless.Do(r)
	if err != nil {
		return nil, "", unreachable(r.URL.Host, err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, r.URL.Host, nil
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, "", unreachable(r.URL.Host, err)
	}
	if err = c.read(answer, b, nil); err == nil {
		err = &Error{Status: answer.StatusCode, Message: "the answer " + answer.Status + " is no stream of events", Do: "check host and port of the connection string"}
	}
	return nil, "", err
}
