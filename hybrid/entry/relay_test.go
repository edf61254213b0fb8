package entry_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// patience bounds every wait of these tests.
const patience = 20 * time.Second

// set is one of the two set-ups that every story runs on.
type set struct {
	*testcluster.Cluster
	t            *testing.T
	listenerNode *testcluster.Node
	senderNode   *testcluster.Node
	door         string     // that raw clients use
	host         *netx.Host // where the doors are; nil: on the machine's loopback
	once         sync.Once
	tls          *tls.Config
}

// both runs a story on one node and on two: the listener's door on the last node, the sender's on the first.
func both(t *testing.T, story func(s *set), opts ...testcluster.Option) {
	t.Helper()
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprintf("%d node(s)", n), func(t *testing.T) { story(newSet(t, n, opts...)) })
	}
}

// bubbles is both for stories of time: each runs in a bubble of testing/synctest, with doors in memory. Nothing is waited for on the
// clock, and nothing is late because the machine is busy. Metrics cannot be read there, and no test begins below it.
func bubbles(t *testing.T, story func(s *set), opts ...testcluster.Option) {
	t.Helper()
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprintf("%d node(s)", n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := netx.New().Host("localhost")
				s := newSet(t, n, append([]testcluster.Option{testcluster.WithHost(host)}, opts...)...)
				s.host = host
				story(s)
			})
		})
	}
}

// newSet starts n nodes with an entity that asks senders for tokens and one that does not.
func newSet(t *testing.T, n int, opts ...testcluster.Option) *set {
	t.Helper()
	c := testcluster.New(t, n, opts...)
	c.Add(&entity.Entity{Name: "hyco"})
	c.Add(&entity.Entity{Name: "open", AnonymousSenders: true})
	return &set{Cluster: c, t: t, listenerNode: c.Node(n - 1), senderNode: c.Node(0), door: "https"}
}

// reach opens a connection to an address of a door.
func (s *set) reach(address string) (net.Conn, error) {
	ctx, cancel := testContext(s.t)
	defer cancel()
	if s.host != nil {
		return s.host.DialContext(ctx, "tcp", address)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// token signs for the path with the root rule.
func (s *set) token(path string) string {
	return s.Token(s.Root(), "http://localhost/"+path, inAnHour())
}

func (s *set) dialer() *websocket.Dialer {
	return &websocket.Dialer{TLSClientConfig: s.TLS(), HandshakeTimeout: patience}
}

// listener is a control channel that accepts every sender and echoes.
type listener struct {
	s       *set
	control *websocket.Conn
}

func (s *set) listen(path string) *listener {
	s.t.Helper()
	url := "wss://" + s.listenerNode.Host("https") + "/$hc/" + path + "?sb-hc-action=listen&sb-hc-id=" + guid(1)
	conn, resp, err := s.dialer().Dial(url, http.Header{"ServiceBusAuthorization": {s.token(path)}})
	if err != nil {
		s.t.Fatalf("listen: %v %v", err, resp)
	}
	s.t.Cleanup(func() { conn.Close() })
	return &listener{s, conn}
}

// testContext ends when the patience does.
func testContext(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), patience)
}

func guid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

type acceptMessage struct {
	Accept struct {
		Address        string            `json:"address"`
		ID             string            `json:"id"`
		ConnectHeaders map[string]string `json:"connectHeaders"`
		RemoteEndpoint struct {
			Address string `json:"address"`
			Port    int    `json:"port"`
		} `json:"remoteEndpoint"`
	} `json:"accept"`
}

// next waits for an accept message.
func (l *listener) next() acceptMessage {
	l.s.t.Helper()
	_ = l.control.SetReadDeadline(time.Now().Add(patience))
	var m acceptMessage
	_, b, err := l.control.ReadMessage()
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		l.s.t.Errorf("accept message: %v", err)
	}
	return m
}

// accept dials the rendezvous of the next sender.
func (l *listener) accept() *websocket.Conn {
	l.s.t.Helper()
	m := l.next()
	conn, resp, err := l.s.dialer().Dial(m.Accept.Address, nil)
	if err != nil {
		l.s.t.Errorf("rendezvous %s: %v %v", m.Accept.Address, err, resp)
	}
	return conn
}

func (s *set) connect(path string) (*websocket.Conn, *http.Response, error) {
	url := "wss://" + s.senderNode.Host("https") + "/$hc/" + path + "?sb-hc-action=connect"
	return s.dialer().Dial(url, http.Header{"ServiceBusAuthorization": {s.token(strings.Split(path, "?")[0])}})
}

// TestEcho: text and binary of many sizes go through whole, and the close handshake with code and text.
func TestEcho(t *testing.T) {
	both(t, func(s *set) {
		l := s.listen("hyco")
		done := make(chan struct{})
		go func() {
			defer close(done)
			far := l.accept()
			if far == nil {
				return
			}
			for {
				kind, m, err := far.ReadMessage()
				if err != nil {
					return
				}
				if far.WriteMessage(kind, m) != nil {
					return
				}
			}
		}()
		near, resp, err := s.connect("hyco")
		if err != nil {
			s.t.Fatalf("%v %v\n%s", err, resp, s.Log())
		}
		for _, n := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
			want := bytes.Repeat([]byte{byte(n)}, n)
			if err := near.WriteMessage(websocket.BinaryMessage, want); err != nil {
				s.t.Fatal(err)
			}
			kind, got, err := near.ReadMessage()
			if err != nil || kind != websocket.BinaryMessage || !bytes.Equal(got, want) {
				s.t.Fatalf("%d bytes: %v, %d came back", n, err, len(got))
			}
		}
		_ = near.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "bye"), time.Now().Add(patience))
		if _, _, err := near.ReadMessage(); !websocket.IsCloseError(err, 4001) { // gorilla answers with the code alone
			s.t.Errorf("close came back as %v", err)
		}
		<-done
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		line := s.Await(ctx, "the stream's account", func(l map[string]string) bool { return l["msg"] == "closed" && l["shape"] == "stream" })
		if line["reason"] != "PeerClosed" || line["listener"] != guid(1) || line["messages"] != "14" {
			s.t.Errorf("account %v", line)
		}
	})
}
