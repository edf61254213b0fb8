package hybrid

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	api "github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/interop"
)

// stallAtRendezvous is a raw listener that dials the rendezvous of a request and then reads nothing of it, or answers there with 1 GiB.
func stallAtRendezvous(t *testing.T, s *interop.Stand, relay string) (request, response func(look func()) int64) {
	client := webClient(t, s)
	client.Timeout = 2 * time.Minute
	l := listenRaw(t, s, relay, "rendezvous")
	t.Cleanup(func() { l.control.Close() })
	url := "https://" + s.Send + "/" + relay
	request = func(look func()) int64 {
		var n atomic.Int64
		over := ask(t, client, http.MethodPut, url, counting{noise(offered), &n})
		_, c := l.meets(t)
		defer c.Close()
		sent := settled(t, &n)
		look()
		over()
		return sent
	}
	response = func(look func()) int64 {
		var n atomic.Int64
		over := ask(t, client, http.MethodGet, url, http.NoBody)
		r, c := l.meets(t)
		var answer sync.WaitGroup
		answer.Go(func() {
			w, err := c.NextWriter(websocket.BinaryMessage)
			if err == nil {
				_, _ = io.Copy(w, counting{noise(offered), &n}) // ends when the sender has left
			}
		})
		if r.Method == "" {
			t.Errorf("a pointer to a request without a body: %+v", r)
		}
		sent := settled(t, &n)
		look()
		over()
		answer.Wait()
		c.Close()
		return sent
	}
	return request, response
}

// meets takes the next request and goes to its rendezvous: for a request on the control channel with the head of an answer, for a
// pointer to read its head and no more.
func (l *rawWeb) meets(t *testing.T) (*webRequest, *websocket.Conn) {
	t.Helper()
	r, err := readRequest(l.control)
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.rendezvous(r.Address)
	if err != nil {
		t.Fatal(err)
	}
	if r.Method == "" {
		_, err = readRequest(c)
	} else {
		err = writeResponse(c, webResponse{ID: r.ID, Status: 200, Body: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	return r, c
}

const (
	crowdSize = 4        // senders whose listener stops: each may have one body on its way to the control channel
	wholeBody = 64 << 10 // the longest that a control channel takes
)

// stallAtControl offers 1 GiB as bodies of 64 KiB, each whole on the control channel: senders write one request behind the other. A
// listener that stops reads nothing of its channel; or it answers all, and the sender reads nothing.
func stallAtControl(t *testing.T, s *interop.Stand, relay string) (request, response func(look func()) int64) {
	post := fmt.Sprintf("POST /%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", relay, wholeBody, strings.Repeat("x", wholeBody))
	get := fmt.Sprintf("GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n", relay)
	request = func(look func()) int64 {
		var n atomic.Int64
		l := listenRaw(t, s, relay, "control")
		defer l.control.Close()
		over := crowdOf(t, s, crowdSize, post, &n)
		defer over()
		sent := settled(t, &n)
		look()
		return sent
	}
	response = func(look func()) int64 {
		var n, asked atomic.Int64
		l := listenRaw(t, s, relay, "control")
		var answers sync.WaitGroup
		answers.Go(func() {
			body := make([]byte, wholeBody)
			for {
				r, err := readRequest(l.control)
				if err != nil || writeResponse(l.control, webResponse{ID: r.ID, Status: 200, Body: true}) != nil ||
					l.control.WriteMessage(websocket.BinaryMessage, body) != nil {
					return
				}
				n.Add(wholeBody)
			}
		})
		over := crowdOf(t, s, 1, get, &asked) // who stops is the one sender
		sent := settled(t, &n)
		look()
		over()
		l.control.Close()
		answers.Wait()
		return sent
	}
	return request, response
}

// crowdOf is senders that write a request again and again, as often as bodies make up what is offered, and read nothing. n counts what
// they wrote.
func crowdOf(t *testing.T, s *interop.Stand, size int, request string, n *atomic.Int64) (over func()) {
	t.Helper()
	conns := make([]net.Conn, size)
	var writers sync.WaitGroup
	for i := range conns {
		d := tls.Dialer{Config: trustOf(t, s)}
		c, err := d.DialContext(t.Context(), "tcp", s.Send)
		if err != nil {
			t.Fatal(err)
		}
		conns[i] = c
		writers.Go(func() {
			for range offered / wholeBody / size {
				m, err := io.WriteString(c, request)
				n.Add(int64(m))
				if err != nil {
					return
				}
			}
		})
	}
	return func() {
		for _, c := range conns {
			c.(*tls.Conn).NetConn().Close() // a goodbye of TLS would wait behind what nobody reads
		}
		writers.Wait()
	}
}

// rawService is what stands behind the agent: its first line from a sender says whether it stops or floods.
type rawService struct {
	net.Listener

	served sync.WaitGroup
	down   atomic.Int64
	left   chan struct{} // told when a sender has gone whose bytes nobody reads
}

// newRawService serves until the test ends.
func newRawService(t *testing.T) *rawService {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawService{Listener: l, left: make(chan struct{}, 1)}
	s.served.Go(func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			s.served.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		s.Close()
		s.served.Wait()
	})
	return s
}

func (s *rawService) serve(c net.Conn) {
	defer c.Close()
	line, err := bufio.NewReaderSize(c, 16).ReadString('\n')
	switch {
	case err != nil:
	case line == "flood\n":
		_, _ = io.Copy(struct{ io.Writer }{c}, counting{noise(offered), &s.down})
	default:
		<-s.left
	}
}

// stallRaw is a stream of bytes between the Go API and the agent, without frames, to a service that stops, or from one that does not.
func stallRaw(t *testing.T, s *interop.Stand, relay string) (request, response func(look func()) int64) {
	service := newRawService(t)
	causeway(t, "listen", relay, "--target", "tcp://"+service.Addr().String(), "--connection-string", connectionString(s, s.Listen), "--ca-file", s.CA).Await(`: listening$`)
	open := func(word string) *api.Conn {
		ctx, cancel := context.WithTimeout(t.Context(), interop.Patience)
		defer cancel()
		c, err := api.Dial(ctx, connectionString(s, s.Send), api.WithEntity(relay), api.WithCAFile(s.CA), api.WithBytes())
		if err == nil {
			_, err = io.WriteString(c, word)
		}
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	request = func(look func()) int64 {
		var n atomic.Int64
		c := open("stop\n")
		var writer sync.WaitGroup
		writer.Go(func() { _, _ = io.Copy(struct{ io.Writer }{c}, counting{noise(offered), &n}) })
		sent := settled(t, &n)
		look()
		c.Abort()
		writer.Wait()
		service.left <- struct{}{}
		return sent
	}
	response = func(look func()) int64 {
		service.down.Store(0)
		c := open("flood\n")
		sent := settled(t, &service.down)
		look()
		c.Abort()
		return sent
	}
	return request, response
}
