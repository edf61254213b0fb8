package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The service's own paths. A relay's name may stand in front of them.
const (
	eventsPath = "/events"
	volumePath = "/volume/"
)

// eventEvery is how often an event is written.
const eventEvery = 2 * time.Millisecond

// serveOwn answers a request for one of the service's own paths. An error ends the connection; so does an event stream.
func serveOwn(c net.Conn, br *bufio.Reader, h head) error {
	if strings.Contains(h.target, eventsPath) {
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"+
			"X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n"); err != nil {
			return err
		}
		return writeEvents(func(event []byte) error {
			_, err := fmt.Fprintf(c, "%x\r\n%s\r\n", len(event), event)
			return err
		})
	}
	return serveVolume(c, br, h)
}

// writeEvents writes events that say when they were written, until one cannot be.
func writeEvents(write func(event []byte) error) error {
	tick := time.NewTicker(eventEvery)
	defer tick.Stop()
	var event []byte
	for range tick.C {
		event = strconv.AppendInt(append(event[:0], "data: "...), time.Now().UnixNano(), 10)
		if err := write(append(event, "\n\n"...)); err != nil {
			return err
		}
	}
	return nil
}

// Events reads n event streams at once and measures how long each event was on its way: writer and readers share a machine, and so a
// clock.
func Events(web *Web, n int, dur time.Duration, w Window) (Result, error) {
	warm := dur / 5
	var measuring atomic.Bool
	var bad failures
	var wg sync.WaitGroup
	times := make([][]time.Duration, n)
	conns := make([]net.Conn, 0, n)
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for i := range n {
		c, err := web.Dial()
		if err != nil {
			return nil, err
		}
		conns = append(conns, c)
		if err := c.SetDeadline(time.Now().Add(warm + dur + grace)); err != nil {
			return nil, err
		}
		events, err := web.events(c)
		if err != nil {
			return nil, err
		}
		wg.Go(func() {
			for {
				delay, err := nextEvent(events)
				if errors.Is(err, net.ErrClosed) { // the cell is over
					return
				}
				if err != nil {
					bad.add(err)
					return
				}
				if measuring.Load() {
					times[i] = append(times[i], delay)
				}
			}
		})
	}
	time.Sleep(warm)
	end := w()
	measuring.Store(true)
	begin := time.Now()
	time.Sleep(dur)
	measuring.Store(false)
	took := time.Since(begin)
	end()
	for _, c := range conns {
		c.Close()
	}
	wg.Wait()
	if bad.first != nil {
		return nil, bad.first
	}
	return latencies("eps", times, took)
}

// events asks for a stream on a connection and reads the head of the answer.
func (w *Web) events(c net.Conn) (*bufio.Reader, error) {
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n%s\r\n", w.at(eventsPath), w.Host, w.Header); err != nil {
		return nil, err
	}
	br := bufio.NewReaderSize(c, 16<<10)
	h, err := readHead(br)
	if err != nil {
		return nil, fmt.Errorf("head of the answer: %w", err)
	}
	if h.status != "200 OK" || !h.chunked {
		return nil, fmt.Errorf("the answer is %s, chunked %t", h.status, h.chunked)
	}
	return bufio.NewReader(httputil.NewChunkedReader(br)), nil
}

// at is one of the service's own paths as a sender writes it.
func (w *Web) at(path string) string { return strings.TrimSuffix(w.Path, "/") + path }

// nextEvent reads an event and gives how long it was on its way.
func nextEvent(events *bufio.Reader) (time.Duration, error) {
	line, err := events.ReadSlice('\n')
	now := time.Now().UnixNano()
	if err != nil {
		return 0, err
	}
	text, found := bytes.CutPrefix(bytes.TrimSpace(line), []byte("data: "))
	at, err := strconv.ParseInt(string(text), 10, 64)
	if !found || err != nil {
		return 0, fmt.Errorf("%q is no event", line)
	}
	if _, err := events.Discard(len("\n")); err != nil {
		return 0, err
	}
	return time.Duration(now - at), nil
}

// Handler is the service as an application of net/http, for listeners that serve one: an echo, events, and volumes.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, eventsPath):
			w.Header().Set("Content-Type", "text/event-stream")
			out := http.NewResponseController(w)
			_ = writeEvents(func(event []byte) error { // ends with the sender
				_, err := w.Write(event)
				return errors.Join(err, out.Flush(), r.Context().Err())
			})
		case strings.Contains(r.URL.Path, volumePath):
			handleVolume(w, r)
		default:
			echoBody(w, r)
		}
	})
}

// echoBody answers with the request's body, in one piece and of a known length, as the service does.
func echoBody(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, 0, max(512, min(r.ContentLength+1, mostBody)))
	b := bytes.NewBuffer(body)
	if _, err := b.ReadFrom(io.LimitReader(r.Body, mostBody)); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	_, _ = w.Write(b.Bytes()) // who has left is not told
}
