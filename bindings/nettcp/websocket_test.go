package nettcp_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/hybrid"
)

// TestNetHTTP: NetHttpBinding over WebSocket needs no door of its own. A plain upgrade that offers the sub-protocol soap, with
// the header fields of .NET's client, reaches the listener; the answer has the sub-protocol; messages keep their kind and their
// borders, buffered ones in one frame and streamed ones in parts with an empty last one, both ways.
func TestNetHTTP(t *testing.T) {
	both(t, func(w *world) {
		w.open("ws/service")
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		asked := make(chan *hybrid.Request, 1)
		l, err := hybrid.Listen(ctx, w.last.Ready().ConnectionString, hybrid.WithEntity("ws/service"), hybrid.WithCAFile(w.CAFile()),
			hybrid.WithAcceptHook(func(_ context.Context, r *hybrid.Request) (string, error) {
				asked <- r
				return "soap", nil
			}))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		d := &websocket.Dialer{Subprotocols: []string{"soap"}, HandshakeTimeout: patience}
		client, answer, err := d.DialContext(ctx, "ws://"+w.Node(0).Host("http")+"/ws/service/echo", http.Header{
			"Soap-Content-Type": {"application/soap+msbinsession1"}, "Microsoft-Binary-Transfer-Mode": {"Buffered"},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if got := answer.Header.Get("Sec-WebSocket-Protocol"); answer.StatusCode != http.StatusSwitchingProtocols || got != "soap" {
			t.Errorf("answered %d with the sub-protocol %q", answer.StatusCode, got)
		}
		r := <-asked
		if r.Header.Get("soap-content-type") != "application/soap+msbinsession1" || r.Header.Get("microsoft-binary-transfer-mode") != "Buffered" {
			t.Errorf("the listener sees %v", r.Header)
		}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		service := c.(*hybrid.Conn)
		_ = service.SetDeadline(time.Now().Add(patience))
		_ = client.SetReadDeadline(time.Now().Add(patience))
		if service.Subprotocol() != "soap" {
			t.Errorf("the listener's sub-protocol is %q", service.Subprotocol())
		}
		message := bytes.Repeat([]byte("soap "), 20_000)
		if err := client.WriteMessage(websocket.BinaryMessage, message); err != nil {
			t.Fatal(err)
		}
		if kind, got, err := service.ReadMessage(nil); kind != hybrid.Binary || !bytes.Equal(got, message) || err != nil {
			t.Fatalf("%v message of %d bytes, %v", kind, len(got), err)
		}
		out, err := client.NextWriter(websocket.BinaryMessage) // a streamed one: the last part is empty
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(message); i += 10_000 {
			_, _ = out.Write(message[i : i+10_000])
		}
		_ = out.Close()
		if kind, got, err := service.ReadMessage(nil); kind != hybrid.Binary || !bytes.Equal(got, message) || err != nil {
			t.Fatalf("streamed: %v message of %d bytes, %v", kind, len(got), err)
		}
		for range 2 {
			if err := service.WriteMessage(hybrid.Binary, message); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if kind, got, err := client.ReadMessage(); kind != websocket.BinaryMessage || !bytes.Equal(got, message) || err != nil {
				t.Fatalf("back: %v message of %d bytes, %v", kind, len(got), err)
			}
		}
		go func() { _, _, _ = service.ReadMessage(nil); _ = service.Close() }()
		_ = client.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(patience))
		if _, _, err := client.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) && err != io.EOF {
			t.Errorf("at the end the client sees %v", err)
		}
	})
}
