package hybrid_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// httpFake is the HTTP half of a gateway in memory: senders' requests go to the one listener, in the forms that the protocol has,
// and its answers come back. It is no gateway's code: gorilla and net/http only.
type httpFake struct {
	*fake
	pointers bool // every request goes by a rendezvous
	agent    string

	mu      sync.Mutex
	control *websocket.Conn
	agents  chan string
	asked   string // Causeway-Agent of the listener
	waiting map[string]*waiting
	writes  sync.Mutex
}

// waiting is a request that waits for its answer.
type waiting struct {
	full     []byte // the message for the rendezvous
	body     io.Reader
	answer   chan answered
	gone     chan struct{}
	pointed  bool
	answered chan struct{}
	finished sync.Once
}

type answered struct {
	head *wire.Response
	body io.Reader
	done func(whole bool)
}

func newHTTPFake(f *fake) *httpFake {
	h := &httpFake{fake: f, waiting: map[string]*waiting{}, agents: make(chan string, 16)}
	f.answers(h.serve)
	return h
}

func (h *httpFake) serve(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Query().Get("sb-hc-action") {
	case "listen":
		h.listening(w, r)
	case "request":
		h.met(w, r)
	default:
		h.exchange(w, r)
	}
}

// listening opens the control channel and reads answers off it.
func (h *httpFake) listening(w http.ResponseWriter, r *http.Request) {
	granted := http.Header{}
	if h.agent != "" {
		granted.Set(wire.AgentField, h.agent)
	}
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, granted)
	if err != nil {
		h.t.Errorf("upgrade: %v", err)
		return
	}
	h.mu.Lock()
	h.control, h.asked = conn, r.Header.Get(wire.AgentField)
	h.mu.Unlock()
	h.fake.mu.Lock()
	h.conns = append(h.conns, conn)
	h.fake.mu.Unlock()
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		m, err := wire.Decode(message)
		if err != nil || m.Kind != wire.KindResponse {
			h.t.Errorf("control channel: %.100q %v", message, err)
			return
		}
		a := answered{head: m.Response, done: func(bool) {}}
		if m.Response.Body {
			_, body, err := conn.ReadMessage()
			if err != nil || len(body) > 64<<10 || len(body) == 0 {
				h.t.Errorf("a body of %d bytes on the control channel: %v", len(body), err)
				return
			}
			a.body = strings.NewReader(string(body))
		}
		h.deliver(m.Response.RequestID, a)
	}
}

// deliver gives an answer to whom it is for. A second one is a fault.
func (h *httpFake) deliver(id string, a answered) {
	h.mu.Lock()
	x := h.waiting[id]
	h.mu.Unlock()
	if x == nil {
		a.done(false)
		return
	}
	select {
	case x.answer <- a:
		close(x.answered)
	default:
		h.t.Errorf("a second answer for %s", id)
	}
}

// met serves a rendezvous.
func (h *httpFake) met(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("sb-hc-id")
	h.mu.Lock()
	x := h.waiting[id]
	h.mu.Unlock()
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		h.t.Errorf("upgrade: %v", err)
		return
	}
	defer conn.Close()
	if x == nil {
		_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1001, "gone"), time.Now().Add(time.Second))
		return
	}
	var uploads sync.WaitGroup
	defer uploads.Wait()
	defer conn.Close()
	if x.pointed {
		uploads.Go(func() { h.upload(conn, x) })
	}
	finished := make(chan bool, 1)
	answers := make(chan struct{})
	go func() {
		defer close(answers)
		h.download(conn, id, finished)
	}()
	select {
	case whole := <-finished:
		if whole {
			_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "Normal Closure"), time.Now().Add(time.Second))
			<-answers
			return
		}
	case <-x.gone:
		_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1001, "sender gone"), time.Now().Add(time.Second))
	case <-answers:
	}
	_ = conn.Close()
	<-answers
}

// upload sends the request and its body.
func (h *httpFake) upload(conn *websocket.Conn, x *waiting) {
	if conn.WriteMessage(websocket.TextMessage, x.full) != nil {
		return
	}
	buf := make([]byte, 30000)
	op := wsframe.Binary
	for {
		n, err := x.body.Read(buf)
		whole := errors.Is(err, io.EOF)
		if err != nil && !whole {
			select {
			case <-x.answered: // a sender with an answer need not go on
			default:
				_ = conn.NetConn().Close() // an upload that broke off
			}
			return
		}
		h := wsframe.Header{Op: op, Fin: whole, Len: int64(n)} // gorilla would gather small pieces
		if _, err := conn.NetConn().Write(wsframe.AppendFrame(nil, h, buf[:n])); err != nil || whole {
			return
		}
		op = wsframe.Cont
	}
}

// download reads the one answer of a rendezvous, and then its end.
func (h *httpFake) download(conn *websocket.Conn, id string, finished chan<- bool) {
	_, message, err := conn.ReadMessage()
	if err != nil {
		return
	}
	m, err := wire.Decode(message)
	if err != nil || m.Kind != wire.KindResponse {
		h.t.Errorf("rendezvous: %.100q %v", message, err)
		return
	}
	over := make(chan struct{})
	a := answered{head: m.Response, done: func(whole bool) { finished <- whole; close(over) }}
	if m.Response.Body {
		a.body = &nextMessage{conn: conn}
	}
	h.deliver(id, a)
	<-over
	for {
		if _, _, err := conn.NextReader(); err != nil {
			return
		}
	}
}

// nextMessage reads the next message, which may come late: the head does not wait for it.
type nextMessage struct {
	conn *websocket.Conn
	r    io.Reader
}

func (m *nextMessage) Read(p []byte) (int, error) {
	if m.r == nil {
		var err error
		if _, m.r, err = m.conn.NextReader(); err != nil {
			return 0, io.ErrUnexpectedEOF
		}
	}
	return m.r.Read(p)
}

// exchange is a sender's request.
func (h *httpFake) exchange(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).EnableFullDuplex()
	fields := shape.Fields{{Name: "Host", Value: r.Host}, {Name: "Via", Value: "1.1 gateway"}}
	for name, values := range r.Header {
		for _, value := range values {
			fields.Add(name, value)
		}
	}
	fields.DelHop()
	fields.Del("Expect")
	ticket := shape.NewTicket(1)
	id := string(wire.AppendID(nil, ticket))
	first := make([]byte, 64<<10+1)
	n, err := io.ReadFull(r.Body, first)
	small := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if r.ContentLength < 0 && !small || n > 64<<10 {
		small = false
	}
	x := &waiting{answer: make(chan answered, 1), answered: make(chan struct{}), gone: make(chan struct{}), pointed: !small || h.pointers && n > 0}
	x.body = io.MultiReader(strings.NewReader(string(first[:n])), r.Body)
	request := wire.Request{
		At:     wire.Rendezvous{Authority: "gateway", Path: r.URL.EscapedPath(), Action: wire.ActionRequest, Ticket: ticket},
		Target: r.RequestURI, Method: r.Method, Remote: netip.MustParseAddrPort("192.0.2.1:99"), Fields: fields, Body: n > 0,
	}
	if x.full, err = request.Append(nil); err != nil {
		h.t.Error(err)
	}
	h.mu.Lock()
	h.waiting[id] = x
	control := h.control
	h.mu.Unlock()
	defer h.forget(id, x)
	h.writes.Lock()
	if x.pointed {
		message, _ := wire.AppendPointer(nil, &request.At)
		err = control.WriteMessage(websocket.TextMessage, message)
	} else {
		err = control.WriteMessage(websocket.TextMessage, x.full)
		if err == nil && n > 0 {
			err = control.WriteMessage(websocket.BinaryMessage, first[:n])
		}
	}
	h.writes.Unlock()
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	select {
	case a := <-x.answer:
		h.pass(w, r, a)
	case <-r.Context().Done():
		if h.agent != "" {
			h.writes.Lock()
			_ = control.WriteMessage(websocket.TextMessage, wire.AppendCancel(nil, ticket))
			h.writes.Unlock()
		}
	}
}

func (h *httpFake) forget(id string, x *waiting) {
	h.mu.Lock()
	delete(h.waiting, id)
	h.mu.Unlock()
	x.finished.Do(func() { close(x.gone) })
}

// pass gives the sender its answer, each read flushed.
func (h *httpFake) pass(w http.ResponseWriter, r *http.Request, a answered) {
	if a.head.Reason != http.StatusText(a.head.Status) {
		w.Header().Set("X-Reason", a.head.Reason) // net/http cannot send it
	}
	for _, f := range a.head.Fields {
		if strings.EqualFold(f.Name, "Content-Length") && r.Method != http.MethodHead {
			continue
		}
		if strings.EqualFold(f.Name, "Set-Cookie") {
			w.Header()["Set-Cookie"] = wire.SplitSetCookie(f.Value)
			continue
		}
		w.Header().Add(f.Name, f.Value)
	}
	if !a.head.Fields.Has("Content-Type") {
		w.Header()["Content-Type"] = nil
	}
	w.WriteHeader(a.head.Status)
	control := http.NewResponseController(w)
	_ = control.Flush()
	whole := true
	if a.body != nil {
		buf := make([]byte, 32<<10)
		for {
			n, err := a.body.Read(buf)
			_, _ = w.Write(buf[:n])
			_ = control.Flush()
			if err != nil {
				whole = errors.Is(err, io.EOF)
				break
			}
			if r.Context().Err() != nil {
				whole = false
				break
			}
		}
	}
	a.done(whole)
	if !whole {
		panic(http.ErrAbortHandler)
	}
}

// pushed waits until the listener has said what it is.
func (h *httpFake) pushed(ctx context.Context) string {
	for {
		h.mu.Lock()
		asked, there := h.asked, h.control != nil
		h.mu.Unlock()
		if there || !pause(ctx, time.Millisecond) {
			return asked
		}
	}
}
