package entry

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/hybrid/entry/internal/line"
)

// controlUpgrader makes control channels: small buffers, since thousands of them are idle (performance.md, point 12). Gorilla
// writes control frames only; what it reads comes from a larger buffer of the line's.
var controlUpgrader = websocket.Upgrader{
	ReadBufferSize: 256, WriteBufferSize: 256, WriteBufferPool: &sync.Pool{},
	CheckOrigin: func(*http.Request) bool { return true }, // tokens decide, browsers or not
}

// upgrade answers a listen handshake and hands the connection to gorilla.
func (v *visit) upgrade() (*websocket.Conn, *line.Line, error) {
	if err := v.write(v.welcome("")); err != nil {
		return nil, nil, fmt.Errorf("answer the listener: %w", err)
	}
	l := line.New(v.arrival.Conn, bytes.Clone(v.arrival.Read))
	conn, err := controlUpgrader.Upgrade(&hijack{conn: l}, acceptable(), nil)
	if err != nil {
		return nil, nil, fmt.Errorf("upgrade the control channel: %w", err)
	}
	return conn, l, nil
}

// acceptable is a request that gorilla takes: the real one has been checked and answered.
func acceptable() *http.Request {
	return &http.Request{Method: http.MethodGet, Header: http.Header{
		"Connection": {upgradeField}, upgradeField: {"websocket"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="},
	}}
}

// hijack gives gorilla the connection in the form it wants. Nothing is buffered in its reader.
type hijack struct{ conn net.Conn }

func (h *hijack) Header() http.Header         { return http.Header{} }
func (h *hijack) Write(b []byte) (int, error) { return len(b), nil }
func (h *hijack) WriteHeader(int)             {}

// Hijack implements http.Hijacker.
func (h *hijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReaderSize(h.conn, 16), bufio.NewWriterSize(nil, 16)), nil
}
