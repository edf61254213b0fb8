package tcpdoor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

var errNoKey = errors.New("an offer without Sec-WebSocket-Key: the SDKs for Node end their process of it")

// register opens a control channel at the node, and gives a dialer for the rendezvous.
func register(t *testing.T, c *testcluster.Cluster, n *testcluster.Node) (*websocket.Conn, *websocket.Dialer) {
	t.Helper()
	d := &websocket.Dialer{TLSClientConfig: c.TLS(), HandshakeTimeout: patience}
	r := c.Root()
	token := wire.Sign("http://localhost/ssh", r.Name, string(r.Primary), time.Now().Add(time.Hour))
	control, _, err := d.Dial("wss://"+n.Host("https")+"/$hc/ssh?sb-hc-action=listen", http.Header{"ServiceBusAuthorization": {token}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = control.Close() })
	return control, d
}

// offer waits for the next, and gives its address.
func offer(control *websocket.Conn) (string, error) {
	for {
		_, b, err := control.ReadMessage()
		if err != nil {
			return "", err
		}
		m, err := wire.Decode(b)
		if err != nil || m.Kind != wire.KindAccept {
			continue
		}
		if !m.Offer.Fields.Has("Sec-WebSocket-Key") {
			return "", errNoKey
		}
		return m.Offer.Address, nil
	}
}

// listen registers a listener at the node that echoes what each sender says, until the sender ends its direction.
func listen(t *testing.T, c *testcluster.Cluster, n *testcluster.Node) {
	t.Helper()
	control, d := register(t, c, n)
	go func() {
		for {
			address, err := offer(control)
			if errors.Is(err, errNoKey) {
				t.Error(err)
			}
			if err != nil {
				return
			}
			far, _, err := d.Dial(address, nil)
			if err != nil {
				t.Error(err)
				return
			}
			echo(far)
		}
	}()
}

func echo(far *websocket.Conn) {
	defer far.Close()
	for {
		kind, m, err := far.ReadMessage() // gorilla answers the Close
		if err != nil || far.WriteMessage(kind, m) != nil {
			return
		}
	}
}

// TestDoor: bytes that come to the port reach the listener, on one node and on two, with the half-close at the end.
func TestDoor(t *testing.T) {
	for nodes := 1; nodes <= 2; nodes++ {
		t.Run(fmt.Sprintf("%d node(s)", nodes), func(t *testing.T) { doorStory(t, nodes) })
	}
}

func doorStory(t *testing.T, nodes int) {
	c := testcluster.New(t, nodes, testcluster.WithConfig(func(i int, cfg *config.Config) {
		if i == 0 {
			cfg.TCP = []config.TCPDoor{{Entity: "ssh", Bind: "127.0.0.1:0"}}
		}
	}))
	c.Add(&entity.Entity{Name: "ssh"})
	listen(t, c, c.Node(nodes-1))
	conn, err := net.Dial("tcp", c.Node(0).Door("tcp/ssh"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	want := bytes.Repeat([]byte("bytes "), 30_000)
	go func() { _, _ = conn.Write(want) }()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d node(s): %v", nodes, err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(conn); err != nil || len(rest) != 0 {
		t.Errorf("%d node(s): %d bytes and %v behind the end", nodes, len(rest), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	c.Await(ctx, "the stream's account", func(l map[string]string) bool {
		return l["msg"] == "closed" && l["door"] == "tcp" && l["reason"] == "PeerClosed" && l["entity"] == "ssh"
	})
	cancel()
}

// TestNobodyListens: a connection that nobody takes is reset, and the account says why.
func TestNobodyListens(t *testing.T) {
	c := testcluster.New(t, 1, testcluster.WithConfig(func(_ int, cfg *config.Config) {
		cfg.TCP = []config.TCPDoor{{Entity: "ssh", Bind: "127.0.0.1:0"}}
	}))
	c.Add(&entity.Entity{Name: "ssh"})
	conn, err := net.Dial("tcp", c.Node(0).Door("tcp/ssh"))
	if err == nil { // the reset may come as early as the dial
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, err = conn.Read(make([]byte, 1))
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the sender saw %v, a reset wanted", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c.Await(ctx, "the refusal", func(l map[string]string) bool { return l["msg"] == "refused" && l["reason"] == "NoListener" })
}

// TestSaidBefore: what a sender says before its listener has come, however long that takes, is one message there: the watch on the
// sender takes no byte of it.
func TestSaidBefore(t *testing.T) {
	for nodes := 1; nodes <= 2; nodes++ {
		t.Run(fmt.Sprintf("%d node(s)", nodes), func(t *testing.T) {
			c := testcluster.New(t, nodes, testcluster.WithConfig(func(i int, cfg *config.Config) {
				if i == 0 {
					cfg.TCP = []config.TCPDoor{{Entity: "ssh", Bind: "127.0.0.1:0"}}
				}
			}))
			c.Add(&entity.Entity{Name: "ssh"})
			control, d := register(t, c, c.Node(nodes-1))
			conn, err := net.Dial("tcp", c.Node(0).Door("tcp/ssh"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			address, err := offer(control)
			if err != nil {
				t.Fatal(err)
			}
			c.AwaitWatches(1)
			want := bytes.Repeat([]byte("bytes "), 200)
			if _, err := conn.Write(want); err != nil {
				t.Fatal(err)
			}
			c.AwaitWatches(0) // it has seen them
			far, _, err := d.Dial(address, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer far.Close()
			_ = far.SetReadDeadline(time.Now().Add(patience))
			if kind, got, err := far.ReadMessage(); err != nil || kind != websocket.BinaryMessage || !bytes.Equal(got, want) {
				t.Errorf("the first message has %d bytes of %d: %v, kind %d", len(got), len(want), err, kind)
			}
		})
	}
}
