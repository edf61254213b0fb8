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

// controlReads is the size of a control channel's reader: gorilla takes none as its own that is not above 256, and thousands of them are
// idle (performance.md, point 12). Long messages go past it; what is read comes from a larger buffer of the line's.
const controlReads = 288

// controlUpgrader makes control channels, with the reader it is given. Gorilla writes control frames only.
var controlUpgrader = websocket.Upgrader{
	WriteBufferSize: 256, WriteBufferPool: &sync.Pool{},
	CheckOrigin: func(*http.Request) bool { return true }, // tokens decide, browsers or not
}

// upgrade answers a listen handshake and hands the connection to gorilla.
func (c *control) upgrade(v *visit) error {
	if err := v.welcome(""); err != nil {
		return fmt.Errorf("answer the listener: %w", err)
	}
	l := line.New(v.arrival.Conn, bytes.Clone(v.arrival.Read))
	reads := bufio.NewReaderSize(l, controlReads)
	conn, err := controlUpgrader.Upgrade(&hijack{conn: l, reads: reads}, acceptable(), nil)
	if err != nil {
		return fmt.Errorf("upgrade the control channel: %w", err)
	}
	c.conn, c.line, c.reads = conn, l, reads
	return nil
}

// acceptable is a request that gorilla takes: the real one has been checked and answered.
func acceptable() *http.Request {
	return &http.Request{Method: http.MethodGet, Header: http.Header{
		"Connection": {upgradeField}, upgradeField: {"websocket"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="},
	}}
}

// hijack gives gorilla the connection in the form it wants. Nothing is buffered in its reader.
type hijack struct {
	conn  net.Conn
	reads *bufio.Reader
}

func (h *hijack) Header() http.Header         { return http.Header{} }
func (h *hijack) Write(b []byte) (int, error) { return len(b), nil }
func (h *hijack) WriteHeader(int)             {}

// Hijack implements http.Hijacker.
func (h *hijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(h.reads, bufio.NewWriterSize(nil, 16)), nil
}
