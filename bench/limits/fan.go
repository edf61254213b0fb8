package limits

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Fan is the smallest relay of messages to WebSockets, and the bound of one: a message is framed once, and the same bytes go to the
// queue of every listener (/all) or of one after the other (/one). A goroutine a listener writes what is queued, several messages
// with one call. A listener whose queue is full misses what goes to all, and holds up what goes to one. Listeners come to /all/ID and /one/ID,
// and senders to /all and /one, both as WebSockets; /counts/all and /counts/one are what became of the messages, by listener.
type Fan struct {
	mu   sync.RWMutex
	ears map[string][]*ear // by what they are sent by: all or one
	next atomic.Uint64     // whose turn it is
}

// Bounds of a queue: as many messages as the gateway's queues have, and as many as leave together.
const (
	fanDepth  = 256
	fanGather = 16
)

// ear is a listener.
type ear struct {
	name              string
	conn              net.Conn
	queue             chan []byte
	gone              chan struct{}
	put               atomic.Int64
	delivered, missed atomic.Int64
}

// Run serves an address until the listener fails.
func (f *Fan) Run(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return accept(l, func(c *net.TCPConn) {
		_ = f.serve(c) // however it ends
		c.Close()
	})
}

// serve is one connection.
func (f *Fan) serve(c net.Conn) error {
	s := &side{conn: c, br: bufio.NewReaderSize(c, 4<<10)}
	r, err := http.ReadRequest(s.br)
	if err != nil {
		return err
	}
	relay, name, listens := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case relay == "counts":
		return f.account(c, name)
	case r.Header.Get("Upgrade") == "":
		_, err = io.WriteString(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
		return err
	case listens:
		return f.listen(relay, name, s, r)
	}
	if err := s.welcome(r); err != nil {
		return err
	}
	for {
		frame, err := reframe(s.br)
		if err != nil {
			return err
		}
		if relay == "one" {
			f.one(frame)
		} else {
			f.all(frame)
		}
	}
}

// listen has a listener until it leaves. Once it is welcome it gets what is sent.
func (f *Fan) listen(relay, name string, s *side, r *http.Request) error {
	e := &ear{name: name, conn: s.conn, queue: make(chan []byte, fanDepth), gone: make(chan struct{})}
	f.mu.Lock()
	if f.ears == nil {
		f.ears = map[string][]*ear{}
	}
	f.ears[relay] = append(f.ears[relay], e)
	f.mu.Unlock()
	err := s.welcome(r)
	if err == nil {
		go e.write()
		_, err = io.Copy(io.Discard, s.br)
	}
	close(e.gone) // before the lock, which one may hold while it waits for this queue
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ears[relay] = slices.DeleteFunc(f.ears[relay], func(x *ear) bool { return x == e })
	return err
}

// write writes what is queued.
func (e *ear) write() {
	var room [fanGather][]byte
	for {
		var frame []byte
		select {
		case frame = <-e.queue:
		case <-e.gone:
			return
		}
		out := append(net.Buffers(room[:0]), frame)
		for more := true; more && len(out) < fanGather; {
			select {
			case frame = <-e.queue:
				out = append(out, frame)
			default:
				more = false
			}
		}
		n := len(out)
		if _, err := out.WriteTo(e.conn); err != nil {
			e.conn.Close() // its reader says that it is gone
			return
		}
		e.delivered.Add(int64(n))
	}
}

// all puts a frame into every queue that has room.
func (f *Fan) all(frame []byte) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, e := range f.ears["all"] {
		e.put.Add(1)
		select {
		case e.queue <- frame:
		default:
			e.put.Add(-1)
			e.missed.Add(1)
		}
	}
}

// one puts a frame into the queue whose turn it is.
func (f *Fan) one(frame []byte) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	ears := f.ears["one"]
	if len(ears) == 0 {
		return
	}
	e := ears[f.next.Add(1)%uint64(len(ears))]
	e.put.Add(1)
	select {
	case e.queue <- frame:
	case <-e.gone:
	}
}

// Seen is what became of the messages for one listener.
type Seen struct {
	Delivered, Missed, Waiting int64
}

// account answers with the counts of a relay.
func (f *Fan) account(c net.Conn, relay string) error {
	counts := map[string]Seen{}
	f.mu.RLock()
	for _, e := range f.ears[relay] {
		done := e.delivered.Load()
		counts[e.name] = Seen{Delivered: done, Missed: e.missed.Load(), Waiting: e.put.Load() - done}
	}
	f.mu.RUnlock()
	b, err := json.Marshal(counts)
	if err == nil {
		_, err = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"+string(b))
	}
	return err
}

// errFrame is a frame that no sender here writes.
var errFrame = errors.New("a frame that is not a whole message")

// reframe reads a client's frame, which is a whole message, and gives it as a server's.
func reframe(br *bufio.Reader) ([]byte, error) {
	const least = 2 + 4 // of a masked frame
	head, err := br.Peek(least)
	if err != nil {
		return nil, err
	}
	switch head[1] & 0x7f {
	case 126:
		head, err = br.Peek(least + 2)
	case 127:
		return nil, errFrame
	}
	if err != nil {
		return nil, err
	}
	size, payload, ok := parseHeader(head)
	if op := head[0] & 0x0f; !ok || head[0]&0x80 == 0 || head[1]&0x80 == 0 || op != 1 && op != 2 {
		return nil, errFrame // a Close, for one
	}
	var key [8]byte
	copy(key[:4], head[size-4:])
	copy(key[4:], key[:4])
	frame := make([]byte, size-4+int(payload))
	copy(frame, head[:size-4])
	frame[1] &= 0x7f
	_, _ = br.Discard(size) // it was peeked
	if _, err := io.ReadFull(br, frame[size-4:]); err != nil {
		return nil, err
	}
	unmask(frame[size-4:], key, 0)
	return frame, nil
}
