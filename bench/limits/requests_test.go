package limits

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// TestExchange sends requests to a listener that gorilla plays: bodies of all lengths come back, and a path without a listener is refused.
func TestExchange(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h := NewHCRef(l.Addr().String(), "ws")
	go accept(l, func(c *net.TCPConn) {
		if err := h.serve(c); err != nil {
			fmt.Fprintf(c, "HTTP/1.1 404 %v\r\nContent-Length: 0\r\n\r\n", err)
			c.Close()
		}
	})
	ws, answer, err := websocket.DefaultDialer.Dial("ws://"+l.Addr().String()+"/$hc/x?sb-hc-action=listen", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	defer ws.Close()
	go func() { // ends with the channel
		for {
			var m struct {
				Request struct {
					Address, ID, RequestTarget, Method string
					Body                               bool
				}
			}
			if ws.ReadJSON(&m) != nil {
				return
			}
			if want := h.address("x", m.Request.ID); m.Request.Address != want {
				t.Errorf("address %q, want %q", m.Request.Address, want)
			}
			var body []byte
			if m.Request.Body {
				if _, body, err = ws.ReadMessage(); err != nil {
					return
				}
			}
			_ = ws.WriteMessage(websocket.PingMessage, []byte("still there?"))
			_ = ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":"203","responseHeaders":{"X":%q},"body":%t}}`,
				m.Request.ID, m.Request.Method+" "+m.Request.RequestTarget, m.Request.Body))
			if m.Request.Body {
				_ = ws.WriteMessage(websocket.BinaryMessage, body)
			}
		}
	}()
	for _, n := range []int{0, 1, 125, 126, 1000, mostBody} {
		sent := bytes.Repeat([]byte("0123456789"), n/10+1)[:n]
		rs, err := http.Post("http://"+l.Addr().String()+"/x/y?z", "", bytes.NewReader(sent))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(rs.Body)
		rs.Body.Close()
		if err != nil || rs.StatusCode != 203 || rs.Header.Get("X") != "POST /x/y?z" || !bytes.Equal(got, sent) {
			t.Errorf("%d bytes: %s %v, %d came back, %v", n, rs.Status, rs.Header, len(got), err)
		}
	}
	rs, err := http.Post("http://"+l.Addr().String()+"/nobody", "", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	rs.Body.Close()
	if rs.StatusCode != 404 {
		t.Errorf("without a listener: %s", rs.Status)
	}
}
