package testcluster_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// TestDoorsInMemory: a cluster whose doors stand in a network in memory relays between nodes, and feels its switches.
func TestDoorsInMemory(t *testing.T) {
	const patience = 20 * time.Second
	network := netx.New()
	c := testcluster.New(t, 2, testcluster.WithNetwork(network), testcluster.WithConfig(func(_ int, cfg *config.Config) {
		cfg.AllowPlainTokens = true // hosts of the network are not loopback
	}))
	c.Add(&entity.Entity{Name: "hyco"})
	dial := func(from, url string, fields http.Header) (*websocket.Conn, error) {
		d := websocket.Dialer{NetDialContext: network.Host(from).DialContext, HandshakeTimeout: patience}
		conn, _, err := d.Dial(url, fields)
		return conn, err
	}
	token := func(host string) http.Header {
		return http.Header{"ServiceBusAuthorization": {c.Token(c.Root(), "http://"+host+"/hyco", time.Now().Add(time.Hour))}}
	}
	control, err := dial("behind", "ws://node2/$hc/hyco?sb-hc-action=listen", token("node2"))
	if err != nil {
		t.Fatal(err)
	}
	defer control.Close()
	far := make(chan *websocket.Conn, 1)
	go func() {
		_, b, err := control.ReadMessage()
		if err != nil {
			return
		}
		m, err := wire.Decode(b)
		if err != nil || m.Kind != wire.KindAccept {
			t.Errorf("%s: %v", b, err)
			return
		}
		conn, err := dial("behind", m.Offer.Address, nil)
		if err != nil {
			t.Error(err)
			return
		}
		far <- conn
	}()
	near, err := dial("outside", "ws://node1/$hc/hyco?sb-hc-action=connect", token("node1"))
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	rendezvous := <-far
	defer rendezvous.Close()
	if err := near.WriteMessage(websocket.TextMessage, []byte("over")); err != nil {
		t.Fatal(err)
	}
	if _, m, err := rendezvous.ReadMessage(); err != nil || string(m) != "over" {
		t.Fatalf("%q, %v", m, err)
	}
	network.Reset("behind", testcluster.HostName(0))
	if _, _, err := near.ReadMessage(); err == nil {
		t.Error("the loss of the listener's connection was not felt")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c.Await(ctx, "the stream's account", func(l map[string]string) bool {
		return l["msg"] == "closed" && l["shape"] == "stream" && l["reason"] == "Aborted" && l["side"] == "listener"
	})
}
