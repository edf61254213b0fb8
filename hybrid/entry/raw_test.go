package entry_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/hybrid/wire"
)

// TestRawRendezvous: an agent that asked for it dials the rendezvous as plain bytes; the sender is a WebSocket as ever.
func TestRawRendezvous(t *testing.T) {
	both(t, func(s *set) {
		url := "wss://" + s.listenerNode.Host("https") + "/$hc/hyco?sb-hc-action=listen"
		control, resp, err := s.dialer().Dial(url, http.Header{
			"ServiceBusAuthorization": {s.token("hyco")}, wire.AgentField: {"raw, later=1"},
		})
		if err != nil || resp.Header.Get(wire.AgentField) != "raw" {
			s.t.Fatalf("listen: %v, granted %v", err, resp)
		}
		defer control.Close()
		l := &listener{s, control}
		done := make(chan string, 1)
		go func() {
			at, err := wire.ParseAddress(l.next().Accept.Address)
			if err != nil {
				s.t.Error(err)
				return
			}
			conn, err := tls.Dial("tcp", at.Authority, s.TLS())
			if err != nil {
				s.t.Error(err)
				return
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(patience))
			_, _ = io.WriteString(conn, "GET "+at.Target+" HTTP/1.1\r\nHost: "+at.Authority+"\r\nConnection: Upgrade\r\nUpgrade: causeway/1\r\n\r\nearly ")
			r := bufio.NewReader(conn)
			resp, err := http.ReadResponse(r, nil)
			if err != nil || resp.StatusCode != 101 || resp.Header.Get("Upgrade") != "causeway/1" {
				s.t.Errorf("rendezvous: %v %v", resp, err)
				return
			}
			_, _ = io.WriteString(conn, "bytes")
			all, _ := io.ReadAll(r) // the sender's Close is the end of the bytes
			done <- string(all)
		}()
		near, resp, err := s.connect("hyco")
		if err != nil {
			s.t.Fatalf("%v %v", err, resp)
		}
		var got bytes.Buffer
		for got.Len() < len("early bytes") {
			kind, m, err := near.ReadMessage()
			if err != nil || kind != websocket.BinaryMessage {
				s.t.Fatalf("kind %d, %v", kind, err)
			}
			got.Write(m)
		}
		if got.String() != "early bytes" {
			s.t.Errorf("got %q", got.String())
		}
		for _, part := range []string{"to the ", "service"} {
			if err := near.WriteMessage(websocket.TextMessage, []byte(part)); err != nil {
				s.t.Fatal(err)
			}
		}
		_ = near.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "done"), time.Now().Add(patience))
		if all := <-done; all != "to the service" {
			s.t.Errorf("the agent read %q", all)
		}
	})
}
