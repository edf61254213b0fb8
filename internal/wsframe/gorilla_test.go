package wsframe

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// message is what a peer sends or receives in the comparison with gorilla/websocket.
type message struct {
	op   Op
	data []byte
}

func script() []message {
	return []message{
		{Text, []byte("hi from listener")},
		{Binary, nil},
		{Ping, []byte("1234")},
		{Binary, pattern(125)},
		{Binary, pattern(126)},
		{Pong, nil},
		{Binary, pattern(65535)},
		{Binary, pattern(65536)},
		{Text, bytes.Repeat([]byte("0123456789"), 30000)},
		{Close, AppendClose(nil, 4001, "bye")},
	}
}

// TestGorillaWritesWeRead reads what gorilla's client and server write, frame by frame.
func TestGorillaWritesWeRead(t *testing.T) {
	for _, role := range []Role{Server, Client} {
		peer, ours := gorillaPeer(t, role)
		var writer sync.WaitGroup
		writer.Go(func() {
			for _, m := range script() {
				if err := peer.WriteMessage(int(m.op), m.data); err != nil {
					t.Errorf("gorilla writes %s: %v", m.op, err)
				}
			}
		})
		s := Sequence{Role: role}
		r := bufio.NewReader(ours)
		for _, want := range script() {
			got, err := readMessage(r, &s)
			if err != nil {
				t.Fatalf("role %d: %v", role, err)
			}
			if got.op != want.op || !bytes.Equal(got.data, want.data) {
				t.Fatalf("role %d: got %s of %d bytes, want %s of %d", role, got.op, len(got.data), want.op, len(want.data))
			}
		}
		writer.Wait()
		if !s.Closed() {
			t.Error("the Close was not seen")
		}
	}
}

// TestWeWriteGorillaReads sends the same script to gorilla, the long messages in fragments with a ping between them.
func TestWeWriteGorillaReads(t *testing.T) {
	for _, role := range []Role{Server, Client} {
		peer, ours := gorillaPeer(t, role)
		var control []message
		peer.SetPingHandler(func(data string) error {
			control = append(control, message{Ping, []byte(data)})
			return nil
		})
		peer.SetPongHandler(func(data string) error {
			control = append(control, message{Pong, []byte(data)})
			return nil
		})
		peer.SetCloseHandler(func(int, string) error { return nil })
		var writer sync.WaitGroup
		writer.Go(func() {
			for _, m := range script() {
				if _, err := ours.Write(appendMessage(nil, m, role == Client)); err != nil {
					t.Errorf("writing %s: %v", m.op, err)
				}
			}
		})
		for _, want := range script() {
			if want.op == Ping || want.op == Pong {
				continue
			}
			kind, data, err := peer.ReadMessage()
			if want.op == Close {
				var closed *websocket.CloseError
				if !errors.As(err, &closed) || closed.Code != 4001 || closed.Text != "bye" {
					t.Fatalf("role %d: gorilla sees the end as %v", role, err)
				}
				break
			}
			if err != nil || kind != int(want.op) || !bytes.Equal(data, want.data) {
				t.Fatalf("role %d: gorilla reads kind %d, %d bytes, %v, want %s of %d", role, kind, len(data), err, want.op, len(want.data))
			}
		}
		writer.Wait()
		if len(control) < 2 || string(control[0].data) != "1234" {
			t.Errorf("role %d: gorilla saw the control frames %v", role, control)
		}
	}
}

// appendMessage writes a message as a peer of the given side would: in three fragments when it is long.
func appendMessage(dst []byte, m message, masked bool) []byte {
	h := Header{Fin: true, Op: m.op, Masked: masked, Key: [4]byte{0xA1, 0xB2, 0xC3, 0xD4}}
	if !masked {
		h.Key = [4]byte{}
	}
	if len(m.data) < 1000 {
		return AppendFrame(dst, h, m.data)
	}
	h.Fin = false
	dst = AppendFrame(dst, h, m.data[:500])
	h.Op = Cont
	dst = AppendFrame(dst, h, nil)
	h.Fin = true
	dst = AppendFrame(dst, Header{Fin: true, Op: Ping, Masked: masked, Key: h.Key}, []byte("between"))
	return AppendFrame(dst, h, m.data[500:])
}

// readMessage collects one message or control frame.
func readMessage(r *bufio.Reader, s *Sequence) (message, error) {
	var m message
	for {
		h, err := readHeader(r)
		if err != nil {
			return m, err
		}
		if err := s.Check(h); err != nil {
			return m, err
		}
		data := make([]byte, h.Len)
		if _, err := io.ReadFull(r, data); err != nil {
			return m, err
		}
		if h.Masked {
			Mask(data, h.Key, 0)
		}
		if h.Op.Control() {
			return message{h.Op, data}, nil
		}
		m.op, m.data = s.Message(), append(m.data, data...)
		if h.Fin {
			return m, nil
		}
	}
}

// readHeader gives Decode one byte more until it is content.
func readHeader(r *bufio.Reader) (Header, error) {
	for want := 1; ; want++ {
		b, err := r.Peek(want)
		if err != nil {
			return Header{}, err
		}
		h, n, err := Decode(b)
		if err != nil {
			return Header{}, err
		}
		if n > 0 {
			_, err = r.Discard(n)
			return h, err
		}
	}
}

// gorillaPeer joins a gorilla connection to our end of a pipe; role is ours. The handshake uses AcceptKey.
func gorillaPeer(t *testing.T, role Role) (*websocket.Conn, net.Conn) {
	t.Helper()
	theirs, ours := net.Pipe()
	t.Cleanup(func() {
		theirs.Close()
		ours.Close()
	})
	if role == Server {
		var server sync.WaitGroup
		server.Go(func() { serveHandshake(t, ours) })
		defer server.Wait()
		dialer := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return theirs, nil }}
		peer, _, err := dialer.Dial("ws://pipe/", nil)
		if err != nil {
			t.Fatal(err)
		}
		return peer, ours
	}
	done := make(chan *websocket.Conn, 1)
	go func() { done <- upgrade(t, theirs) }()
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	io.WriteString(ours, "GET / HTTP/1.1\r\nHost: pipe\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "+key+"\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReaderSize(oneByte{ours}, 16), nil)
	if err != nil || response.Header.Get("Sec-WebSocket-Accept") != AcceptKey(key) {
		t.Fatalf("handshake of gorilla: %v, %v", response, err)
	}
	return <-done, ours
}

// oneByte keeps a bufio.Reader from reading past the head.
type oneByte struct{ io.Reader }

func (r oneByte) Read(b []byte) (int, error) { return r.Reader.Read(b[:min(1, len(b))]) }

func serveHandshake(t *testing.T, c net.Conn) {
	t.Helper()
	request, err := http.ReadRequest(bufio.NewReaderSize(oneByte{c}, 16))
	if err != nil {
		t.Error(err)
		return
	}
	io.WriteString(c, "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
		AcceptKey(request.Header.Get("Sec-WebSocket-Key"))+"\r\n\r\n")
}

// upgrade lets gorilla be the server on c.
func upgrade(t *testing.T, c net.Conn) *websocket.Conn {
	t.Helper()
	request, err := http.ReadRequest(bufio.NewReaderSize(oneByte{c}, 16))
	if err != nil {
		t.Error(err)
		return nil
	}
	var u websocket.Upgrader
	peer, err := u.Upgrade(&hijacker{c: c, header: http.Header{}}, request, nil)
	if err != nil {
		t.Error(err)
	}
	return peer
}

type hijacker struct {
	c      net.Conn
	header http.Header
}

func (h *hijacker) Header() http.Header       { return h.header }
func (h *hijacker) Write([]byte) (int, error) { return 0, errors.New("the upgrade was refused") }
func (h *hijacker) WriteHeader(int)           {}
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.c, bufio.NewReadWriter(bufio.NewReader(h.c), bufio.NewWriter(h.c)), nil
}
