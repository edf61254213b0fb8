package hc

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// streams reports whether a request's answer is one that flows: events, or more than a control channel takes.
func (rq *request) streams() bool {
	return strings.Contains(rq.Target, "/events") || strings.Contains(rq.Target, "/volume/")
}

// stream serves a request at its rendezvous, both bodies as they come: at is nil when it came by the control channel, with its body.
func (l *Listener) stream(ctx context.Context, rq *request, address string, at *websocket.Conn, body io.Reader) error {
	if at == nil {
		c, err := l.endpoint.open(ctx, address)
		if err != nil {
			return fmt.Errorf("rendezvous of a stream: %w", err)
		}
		defer c.Close()
		at = c.ws
	}
	t, err := net.DialTimeout("tcp", l.target, 10*time.Second)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := send(t, l.target, rq, body); err != nil {
		return fmt.Errorf("request to the target: %w", err)
	}
	rs, err := http.ReadResponse(bufio.NewReaderSize(t, frame), nil)
	if err != nil {
		return err
	}
	defer func() {
		_ = t.Close() // before the body is closed, which would read the rest of it: of events there is no end
		_ = rs.Body.Close()
	}()
	text, err := json.Marshal(message{Response: &response{RequestID: rq.ID, Status: "200", Fields: map[string]string{"Content-Type": rs.Header.Get("Content-Type")}, Body: true}})
	if err == nil {
		err = at.WriteMessage(websocket.TextMessage, text)
	}
	if err != nil {
		return err
	}
	out := &fragments{conn: at.NetConn()}
	if _, err = io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{rs.Body}, make([]byte, frame)); err != nil {
		return err
	}
	if err := out.end(); err != nil {
		return err
	}
	if _, _, err := at.ReadMessage(); websocket.IsCloseError(err, websocket.CloseNormalClosure) { // the gateway has all
		return nil
	}
	return errors.New("the gateway did not say that it has all")
}

// send writes a request to the target, its body in chunks.
func send(t net.Conn, host string, rq *request, body io.Reader) error {
	head := rq.Method + " " + rq.Target + " HTTP/1.1\r\nHost: " + host + "\r\n"
	if body == nil {
		_, err := io.WriteString(t, head+"\r\n")
		return err
	}
	if _, err := io.WriteString(t, head+"Transfer-Encoding: chunked\r\n\r\n"); err != nil {
		return err
	}
	chunks := httputil.NewChunkedWriter(t)
	if _, err := io.CopyBuffer(struct{ io.Writer }{chunks}, struct{ io.Reader }{body}, make([]byte, frame)); err != nil {
		return err
	}
	if err := chunks.Close(); err != nil {
		return err
	}
	_, err := io.WriteString(t, "\r\n")
	return err
}

// Bits of a frame's head (RFC 6455 section 5.2).
const (
	finBit  = 0x80
	maskBit = 0x80
	binary2 = 0x02 // a binary message
)

// fragments writes each write as a fragment of one binary message, at once: the library can only gather. The mask is zero, so bytes pass
// as they are.
type fragments struct {
	conn  net.Conn
	begun bool
	head  [14]byte
}

// Write implements io.Writer for up to 64 KiB.
func (f *fragments) Write(p []byte) (int, error) {
	b := f.head[:0]
	if f.begun {
		b = append(b, 0)
	} else {
		b, f.begun = append(b, binary2), true
	}
	switch {
	case len(p) < 126:
		b = append(b, maskBit|byte(len(p)))
	case len(p) < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, maskBit|126), uint16(len(p)))
	default:
		b = binary.BigEndian.AppendUint64(append(b, maskBit|127), uint64(len(p)))
	}
	both := net.Buffers{append(b, 0, 0, 0, 0), p}
	if _, err := both.WriteTo(f.conn); err != nil {
		return 0, err
	}
	return len(p), nil
}

// end writes the last fragment, which is empty.
func (f *fragments) end() error {
	_, err := f.conn.Write([]byte{finBit, maskBit, 0, 0, 0, 0})
	return err
}
