package front

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/internal/leg"
)

// ahead is a peer of a real socket who has said what he wants before he is accepted.
type ahead struct {
	net.Conn
	r *bufio.Reader
}

// serveAhead serves a real socket to peers with these heads.
func serveAhead(t *testing.T, edit func(*Params), heads ...string) []ahead {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var peers []ahead
	for _, head := range heads {
		peer, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = peer.Close() })
		if err := peer.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		send(t, peer, head)
		peers = append(peers, ahead{peer, bufio.NewReader(peer)})
	}
	p := Params{Doors: []Door{{Name: HTTP, Listener: l}}, Handler: http.HandlerFunc(echo)}
	edit(&p)
	s, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- s.Run(context.Background()) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	return peers
}

// TestHeadThatIsThere: a head that came with its connection is read at once. It leaves no deadline to its Take, neither does what a handler
// did before; but one that came in part has the time of any head.
func TestHeadThatIsThere(t *testing.T) {
	waited := make(chan error, 2)
	take := func(_ context.Context, a *leg.Arrival) {
		defer a.Conn.Close()
		_, err := io.WriteString(a.Conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
		if err == nil {
			_, err = a.Conn.Read(make([]byte, 1))
		}
		waited <- err
	}
	peers := serveAhead(t, func(p *Params) {
		p.HeadTimeout, p.Route = 50*time.Millisecond, takeUpgrades(take)
		p.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).SetReadDeadline(time.Now()); err != nil {
				t.Error(err)
			}
		})
	}, upgrade, get("/echo")+upgrade, upgrade[:len(upgrade)-2])
	if res, _ := answer(t, peers[1].r, "GET"); res.StatusCode != http.StatusOK {
		t.Fatal(res.Status)
	}
	for _, p := range peers[:2] {
		if res, err := http.ReadResponse(p.r, nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("%v, %v", res, err)
		}
	}
	if res, _ := answer(t, peers[2].r, "GET"); res.StatusCode != http.StatusRequestTimeout {
		t.Errorf("a head that does not end: %s", res.Status)
	}
	if len(waited) > 0 { // the time for a head is over
		t.Fatalf("a Take's read ended with %v", <-waited)
	}
	for _, p := range peers[:2] {
		send(t, p, "x")
		select {
		case err := <-waited:
			if err != nil {
				t.Errorf("a Take's read: %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("a Take's read does not end")
		}
	}
}
