package peer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/bench/hc"
	"github.com/causeway-relay/causeway/bench/load"
)

// startCentrifugo has everybody's publications and subscriptions allowed, and no record of messages, presence or others.
func startCentrifugo(e *Env, p program) (*Tunnel, error) {
	addr := freeAddr()
	relays := map[string]*load.Casts{Event: centrifugo("ws://" + addr + "/connection/websocket")}
	return alone(e, relays, addr, part{
		file: "centrifugo.json", argv: []string{p.files[0], "-c", "{file}"},
		text: fmt.Sprintf(`{"http_server":{"address":"127.0.0.1","port":%s},"log":{"level":"error"},`+
			`"client":{"insecure":true,"allowed_origins":["*"],"connection_limit":0},"channel":{"without_namespace":{`+
			`"allow_subscribe_for_client":true,"allow_publish_for_client":true,"allow_subscribe_for_anonymous":true,"allow_publish_for_anonymous":true}}}`, port(addr)),
	})
}

// centrifugo is its relay of messages: all is commands and replies of JSON, one a line, and a WebSocket message from the server has
// several lines where it is busy. A message of the load is letters and digits, so a string of JSON as it is.
func centrifugo(address string) *load.Casts {
	return &load.Casts{
		Listen: func(_ string, take func([]byte)) (io.Closer, error) {
			c, err := hello(address, `{"id":1,"connect":{}}`, `{"id":2,"subscribe":{"channel":"bench"}}`)
			if err != nil {
				return nil, err // not a nil of the wrong type
			}
			return c.subscribe(take)
		},
		Send: func() (net.Conn, error) {
			c, err := hello(address, `{"id":1,"connect":{}}`)
			if err != nil {
				return nil, err
			}
			return &publisher{client: c}, nil
		},
	}
}

// client is a connection to centrifugo. One goroutine reads it.
type client struct {
	*hc.Conn

	writing sync.Mutex
	over    chan struct{} // closed behind the last reply of a listener
}

// hello opens a connection and sends its first commands.
func hello(address string, commands ...string) (*client, error) {
	ctx, stop := context.WithTimeout(context.Background(), askWait)
	defer stop()
	conn, err := hc.DialURL(ctx, address)
	if err != nil {
		return nil, err
	}
	c := &client{Conn: conn, over: make(chan struct{})}
	for _, command := range commands {
		if err := c.say([]byte(command)); err != nil {
			return nil, errors.Join(err, c.Conn.Close())
		}
	}
	return c, nil
}

// say sends a command. Any goroutine may.
func (c *client) say(command []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.Text(command)
}

// subscribe reads until the listener is online, and then on behind its back.
func (c *client) subscribe(take func([]byte)) (io.Closer, error) {
	online := make(chan error, 1)
	go func() { // Close waits for it
		defer close(c.over)
		err := c.Messages(replies{take: take, pong: c.pong, online: func(err error) {
			select {
			case online <- err:
			default: // said once
			}
		}}.read)
		select {
		case online <- cmp.Or(err, io.EOF): // before it was online
		default: // a listener that is lost gets no messages, and so has no figure
		}
	}()
	patience := time.NewTimer(askWait)
	defer patience.Stop()
	select {
	case err := <-online:
		if err == nil {
			return c, nil
		}
		return nil, errors.Join(fmt.Errorf("subscribe: %w", err), c.Close())
	case <-patience.C:
		return nil, errors.Join(errors.New("no answer to a subscription"), c.Close())
	}
}

// pong answers a ping, without which a client is cut off.
func (c *client) pong() {
	_ = c.say([]byte("{}")) // a connection that is lost shows it to its reader
}

// Close implements io.Closer, for a listener.
func (c *client) Close() error {
	err := c.Conn.Close()
	<-c.over
	return err
}

// replies is what a listener makes of what the server writes.
type replies struct {
	take   func(message []byte)
	pong   func()
	online func(error) // the answer to the subscription
}

// Marks in the replies of the server, which writes its JSON without spaces.
var (
	ping     = []byte("{}")
	dataMark = []byte(`data":"`) // begins with a letter that nothing before it has
	pushMark = []byte(`{"push":`)
	second   = []byte(`{"id":2,`)
	refusal  = []byte(`"error":`)
)

// read takes one WebSocket message apart. It looks for the mark before the load's message and for the quotes behind it, and for no more:
// what does the rest of the work would be measured too.
func (r replies) read(b []byte) {
	for len(b) > 0 {
		var line []byte
		line, b, _ = bytes.Cut(b, []byte{'\n'})
		switch {
		case bytes.HasPrefix(line, pushMark):
			r.take(within(line))
		case bytes.Equal(line, ping):
			r.pong()
		case bytes.Contains(line, refusal):
			r.online(fmt.Errorf("refused: %q", line))
		case bytes.HasPrefix(line, second):
			r.online(nil)
		}
	}
}

// within is the load's message of a line, or the line itself where it has none, which the load takes for damage.
func within(line []byte) []byte {
	_, data, found := bytes.Cut(line, dataMark)
	if end := bytes.IndexByte(data, '"'); found && end >= 0 {
		return data[:end]
	}
	return line
}

// publisher is a sender to centrifugo.
type publisher struct {
	*client

	command []byte
}

// Write publishes a message.
func (p *publisher) Write(message []byte) (int, error) {
	p.command = append(append(append(p.command[:0], `{"id":2,"publish":{"channel":"bench","data":"`...), message...), `"}}`...)
	if err := p.say(p.command); err != nil {
		return 0, err
	}
	return len(message), nil
}

// Read has nothing for anybody: it takes replies until the connection ends, or one says that a message was refused.
func (p *publisher) Read([]byte) (int, error) {
	var refused error
	err := p.Messages(replies{take: func([]byte) {}, pong: p.pong, online: func(err error) {
		if err != nil && refused == nil {
			refused = err
			p.Conn.Close()
		}
	}}.read)
	return 0, cmp.Or(refused, err, io.EOF)
}

// Close implements net.Conn.
func (p *publisher) Close() error { return p.Conn.Close() }
