package limits

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"path"
	"slices"
	"sync"
	"sync/atomic"
)

// Fan is the smallest relay of messages to WebSockets, and the bound of one: a message is framed once, and the same bytes go to the
// queue of every listener (/all) or of one after the other (/one). A goroutine a listener writes what is queued, several messages
// with one call. A listener whose queue is full misses what goes to all, and holds up what goes to one. Listeners come to /listen/ID
// and senders to /all and /one, both as WebSockets; /counts is what became of the messages, by listener.
type Fan struct {
	mu   sync.RWMutex
	ears []*ear
	next atomic.Uint64 // whose turn it is
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
	where, name := path.Split(r.URL.Path)
	switch {
	case r.URL.Path == "/counts":
		return f.account(c)
	case r.Header.Get("Upgrade") == "":
		_, err = io.WriteString(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
		return err
	}
	if err := s.welcome(r); err != nil {
		return err
	}
	if where == "/listen/" {
		return f.listen(name, s)
	}
	for {
		frame, err := reframe(s.br)
		if err != nil {
			return err
		}
		if name == "one" {
			f.one(frame)
		} else {
			f.all(frame)
		}
	}
}

// listen has a listener until it leaves.
func (f *Fan) listen(name string, s *side) error {
	e := &ear{name: name, conn: s.conn, queue: make(chan []byte, fanDepth), gone: make(chan struct{})}
	f.mu.Lock()
	f.ears = append(f.ears, e)
	f.mu.Unlock()
	go e.write()
	_, err := io.Copy(io.Discard, s.br)
	close(e.gone) // before the lock, which one may hold while it waits for this queue
	f.mu.Lock()
	f.ears = slices.DeleteFunc(f.ears, func(x *ear) bool { return x == e })
	f.mu.Unlock()
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
	for _, e := range f.ears {
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
	if len(f.ears) == 0 {
		return
	}
	e := f.ears[f.next.Add(1)%uint64(len(f.ears))]
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

// account answers with the counts.
func (f *Fan) account(c net.Conn) error {
	counts := map[string]Seen{}
	f.mu.RLock()
	for _, e := range f.ears {
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
