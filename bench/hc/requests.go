package hc

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// request is the message of a request; without a method it only points to a rendezvous that has the rest.
type request struct {
	Address string            `json:"address"`
	ID      string            `json:"id"`
	Target  string            `json:"requestTarget"`
	Method  string            `json:"method"`
	Fields  map[string]string `json:"requestHeaders"`
	Body    bool              `json:"body"`
}

// response is the message of an answer; a body is the binary message behind it.
type response struct {
	RequestID string            `json:"requestId"`
	Status    string            `json:"statusCode"`
	Fields    map[string]string `json:"responseHeaders,omitempty"`
	Body      bool              `json:"body"`
}

// message is one text message of a control channel or a rendezvous.
type message struct {
	Accept *struct {
		Address string `json:"address"`
	} `json:"accept,omitempty"`
	Request  *request  `json:"request,omitempty"`
	Response *response `json:"response,omitempty"`
}

// bodies are for one body of up to a frame.
var bodies = sync.Pool{New: func() any { b := make([]byte, 0, frame+1<<10); return &b }}

// readBody reads one message, however many frames, into a buffer that is given back to bodies.
func readBody(ws *websocket.Conn) (*[]byte, error) {
	_, r, err := ws.NextReader()
	if err != nil {
		return nil, err
	}
	buf := bodies.Get().(*[]byte)
	b := (*buf)[:0]
	for err == nil {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		var n int
		n, err = r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
	}
	*buf = b
	if err != io.EOF { //nolint:errorlint // the documented end of a message, never wrapped
		bodies.Put(buf)
		return nil, err
	}
	return buf, nil
}

// take reads the body that belongs to a request, if there is one.
func take(ws *websocket.Conn, rq *request) (*[]byte, error) {
	if !rq.Body {
		return nil, nil //nolint:nilnil // no body is no error
	}
	return readBody(ws)
}

// answer serves one request. Answers longer than a frame go by rendezvous, as the protocol wants.
func (l *Listener) answer(ctx context.Context, rq *request, body *[]byte) {
	switch {
	case rq.Method == "":
		if err := l.fetch(ctx, rq); err != nil && ctx.Err() == nil {
			log.Printf("request at a rendezvous: %v", err)
		}
		return
	case rq.streams():
		_ = l.stream(ctx, rq, rq.Address, nil, nil) // ends with its sender
		return
	}
	var ws *websocket.Conn
	rs, out := l.ask(rq, body)
	if len(*out) > frame {
		c, err := l.endpoint.open(ctx, rq.Address)
		if err != nil {
			log.Printf("rendezvous of an answer: %v", err)
			return
		}
		defer c.Close()
		ws = c.ws
	}
	l.reply(ws, rs, *out)
	bodies.Put(out)
}

// fetch goes to the rendezvous that a pointer names and serves the request that is there.
func (l *Listener) fetch(ctx context.Context, pointer *request) error {
	c, err := l.endpoint.open(ctx, pointer.Address)
	if err != nil {
		return err
	}
	defer c.Close()
	var m message
	if err := c.ws.ReadJSON(&m); err != nil || m.Request == nil {
		return fmt.Errorf("no request came: %w", err)
	}
	m.Request.ID = pointer.ID
	if m.Request.streams() {
		_, body, err := c.ws.NextReader()
		if err != nil {
			return err
		}
		return l.stream(ctx, m.Request, "", c.ws, body)
	}
	body, err := take(c.ws, m.Request)
	if err != nil {
		return err
	}
	rs, out := l.ask(m.Request, body)
	l.reply(c.ws, rs, *out)
	bodies.Put(out)
	return nil
}

// reply writes an answer to a rendezvous, or to the control channel.
func (l *Listener) reply(ws *websocket.Conn, rs *response, body []byte) {
	text, err := json.Marshal(message{Response: rs})
	if ws == nil {
		l.writing.Lock()
		defer l.writing.Unlock()
		ws = l.control
	}
	if err == nil {
		err = ws.WriteMessage(websocket.TextMessage, text)
	}
	if err == nil && rs.Body {
		err = ws.WriteMessage(websocket.BinaryMessage, body)
	}
	if err != nil {
		log.Printf("answer: %v", err)
	}
}

// ask carries a request to the target on a connection that is kept. body is given back; what it returns is the caller's.
func (l *Listener) ask(rq *request, body *[]byte) (*response, *[]byte) {
	out := bodies.Get().(*[]byte)
	*out = (*out)[:0]
	var in []byte
	if body != nil {
		in = *body
		defer bodies.Put(body)
	}
	t, err := l.connection()
	if err == nil {
		var rs *response
		if rs, err = t.turn(l.target, rq, in, out); err == nil {
			l.keep(t)
			return rs, out
		}
		t.conn.Close()
	}
	*out = append((*out)[:0], err.Error()...)
	return &response{RequestID: rq.ID, Status: "502", Body: true}, out
}

// kept is a connection to the target.
type kept struct {
	conn net.Conn
	br   *bufio.Reader
	head []byte
}

// connection takes one that waits, or opens one.
func (l *Listener) connection() (*kept, error) {
	select {
	case t := <-l.kept:
		return t, nil
	default:
	}
	c, err := net.DialTimeout("tcp", l.target, 10*time.Second)
	if err != nil {
		return nil, err
	}
	return &kept{conn: c, br: bufio.NewReaderSize(c, 16<<10)}, nil
}

func (l *Listener) keep(t *kept) {
	select {
	case l.kept <- t:
	default:
		t.conn.Close()
	}
}

// turn is one request and its answer, whose body is appended to out.
func (t *kept) turn(host string, rq *request, body []byte, out *[]byte) (*response, error) {
	t.head = appendHead(t.head[:0], host, rq, len(body))
	both := net.Buffers{t.head, body}
	if _, err := both.WriteTo(t.conn); err != nil {
		return nil, err
	}
	rs, err := http.ReadResponse(t.br, nil)
	if err != nil {
		return nil, err
	}
	defer rs.Body.Close()
	if n := rs.ContentLength; n >= 0 && n <= frame {
		*out = (*out)[:n]
		_, err = io.ReadFull(rs.Body, *out)
	} else {
		*out, err = io.ReadAll(rs.Body)
	}
	if err != nil {
		return nil, err
	}
	fields := make(map[string]string, len(rs.Header))
	for name, values := range rs.Header {
		fields[name] = strings.Join(values, ", ")
	}
	return &response{RequestID: rq.ID, Status: strconv.Itoa(rs.StatusCode), Fields: fields, Body: len(*out) > 0}, nil
}

// appendHead writes the head of a request to the target.
func appendHead(b []byte, host string, rq *request, length int) []byte {
	b = append(b, rq.Method+" "+rq.Target+" HTTP/1.1\r\nHost: "+host...)
	for name, value := range rq.Fields {
		switch name {
		case "Host", "Connection", "Content-Length", "Transfer-Encoding":
		default:
			b = append(b, "\r\n"+name+": "+value...)
		}
	}
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(length), 10)
	return append(b, "\r\n\r\n"...)
}
