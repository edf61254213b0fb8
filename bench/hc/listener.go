package hc

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Listener is the side behind the firewall: it carries each stream that it is offered to its target.
type Listener struct {
	endpoint Endpoint
	target   string
	control  *websocket.Conn
}

// Listen opens a control channel. target is the host:port that streams go to.
func Listen(ctx context.Context, e Endpoint, target string) (*Listener, error) {
	c, err := e.open(ctx, e.address("listen", strconv.FormatInt(time.Now().UnixNano(), 36)))
	if err != nil {
		return nil, err
	}
	return &Listener{endpoint: e, target: target, control: c.ws}, nil
}

// Serve runs until the control channel ends and gives the reason. Streams live on; Serve does not wait for them.
func (l *Listener) Serve(ctx context.Context) error {
	for {
		_, b, err := l.control.ReadMessage()
		if err != nil {
			return err
		}
		address, err := offered(b)
		if err != nil {
			return err
		}
		if address != "" {
			go l.accept(ctx, address)
		}
	}
}

// Close ends the control channel at once.
func (l *Listener) Close() error { return l.control.Close() }

// offered gives the rendezvous address of a control message; other messages have none.
func offered(b []byte) (string, error) {
	var m struct {
		Accept struct {
			Address string `json:"address"`
		} `json:"accept"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return "", fmt.Errorf("control message %.200q: %w", b, err)
	}
	return m.Accept.Address, nil
}

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
