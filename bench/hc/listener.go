package hc

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Carry moves the bytes of two connections until both have ended.
type Carry func(a, b *net.TCPConn)

// Listener is the side behind the firewall: it carries each stream that it is offered, and each request, to its target.
type Listener struct {
	endpoint Endpoint
	target   string
	id       string
	control  *websocket.Conn
	writing  sync.Mutex // of control
	kept     chan *kept // connections of requests that wait
	carry    Carry      // of raw streams; nil: all are WebSockets
}

// mostKept is how many connections to the target wait for a request.
const mostKept = 256

// Listen opens a control channel. target is the host:port that streams and requests go to. With a carry streams come as
// bytes, on connections that stand by while there are any; a gateway has to know both (docs/agent.md).
func Listen(ctx context.Context, e Endpoint, target string, carry Carry) (*Listener, error) {
	l := &Listener{endpoint: e, target: target, kept: make(chan *kept, mostKept), carry: carry}
	l.id = strconv.FormatInt(time.Now().UnixNano(), 36)
	var ask http.Header
	if carry != nil {
		ask = askRaw
	}
	c, err := e.openAsking(ctx, e.address("listen", l.id), ask)
	if err != nil {
		return nil, err
	}
	l.control = c.ws
	return l, nil
}

// Serve runs until the control channel ends and gives the reason. Streams live on; Serve does not wait for them.
func (l *Listener) Serve(ctx context.Context) error {
	if l.carry != nil {
		var waiting sync.WaitGroup
		defer waiting.Wait()
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		waiting.Go(func() { l.standBy(ctx, l.id) })
	}
	for {
		_, b, err := l.control.ReadMessage()
		if err != nil {
			return err
		}
		var m message
		if err := json.Unmarshal(b, &m); err != nil {
			return fmt.Errorf("control message %.200q: %w", b, err)
		}
		switch {
		case m.Accept != nil && l.carry != nil:
			go l.acceptRaw(ctx, m.Accept.Address)
		case m.Accept != nil:
			go l.accept(ctx, m.Accept.Address)
		case m.Request != nil:
			body, err := take(l.control, m.Request)
			if err != nil {
				return err
			}
			go l.answer(ctx, m.Request, body)
		}
	}
}

// Close ends the control channel at once.
func (l *Listener) Close() error { return l.control.Close() }

// accept is one stream.
func (l *Listener) accept(ctx context.Context, address string) {
	c, err := l.endpoint.open(ctx, address)
	if err != nil {
		log.Printf("rendezvous: %v", err)
		return
	}
	t, err := net.Dial("tcp", l.target)
	if err != nil {
		c.Close()
		log.Printf("target: %v", err)
		return
	}
	join(c, t)
}

// join copies both ways until either side ends.
func join(a, b net.Conn) {
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			copyLazily(way[0], way[1])
			a.Close()
			b.Close()
		})
	}
	both.Wait()
}

const small = 2 << 10

var bigBuffers = sync.Pool{New: func() any { b := make([]byte, frame); return &b }}

// copyLazily copies until an error. It waits on a small buffer and takes a big one only while reads fill it, so that an
// idle stream costs little.
func copyLazily(dst, src net.Conn) {
	waiting := make([]byte, small)
	for {
		n, err := move(dst, src, waiting)
		if n == small && err == nil {
			big := bigBuffers.Get().(*[]byte)
			for n >= small && err == nil {
				n, err = move(dst, src, *big)
			}
			bigBuffers.Put(big)
		}
		if err != nil {
			return
		}
	}
}

// move is one read and one write.
func move(dst, src net.Conn, buf []byte) (int, error) {
	n, err := src.Read(buf)
	if n > 0 {
		if _, werr := dst.Write(buf[:n]); werr != nil {
			return n, werr
		}
	}
	return n, err
}
