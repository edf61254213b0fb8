package hybrid

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/interop"
)

// webRequest is a request message as a listener reads it, without our codec.
type webRequest struct {
	Address string            `json:"address"`
	ID      string            `json:"id"`
	Target  string            `json:"requestTarget"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"requestHeaders"`
	Body    bool              `json:"body"`
}

// webResponse is the answer to one.
type webResponse struct {
	ID      string            `json:"requestId"`
	Status  int               `json:"statusCode"`
	Reason  *string           `json:"statusDescription,omitempty"`
	Headers map[string]string `json:"responseHeaders,omitempty"`
	Body    bool              `json:"body"`
}

// rawWeb is a listener that shares nothing with ours: gorilla's WebSocket and encoding/json.
type rawWeb struct {
	t       *testing.T
	dial    *websocket.Dialer
	control *websocket.Conn
}

func listenRaw(t *testing.T, s *interop.Stand, relay, id string) *rawWeb {
	t.Helper()
	dial := &websocket.Dialer{TLSClientConfig: trustOf(t, s), HandshakeTimeout: interop.Patience}
	token := wire.Sign("http://localhost/"+relay, s.Rule, s.Key, time.Now().Add(time.Hour))
	c, resp, err := dial.DialContext(t.Context(), "wss://"+s.Listen+"/$hc/"+relay+"?sb-hc-action=listen&sb-hc-id="+id, http.Header{"ServiceBusAuthorization": {token}})
	if err != nil {
		t.Fatalf("listen: %v %v", err, resp)
	}
	return &rawWeb{t, dial, c}
}

// serve answers requests one after the other until the control channel ends.
func (l *rawWeb) serve(answer func(r *webRequest, body []byte) (webResponse, []byte)) {
	var run sync.WaitGroup
	run.Go(func() {
		for {
			if err := l.one(answer); err != nil {
				return
			}
		}
	})
	l.t.Cleanup(func() {
		l.control.Close()
		run.Wait()
	})
}

func (l *rawWeb) one(answer func(r *webRequest, body []byte) (webResponse, []byte)) error {
	r, body, c, err := l.next()
	if err != nil {
		return err
	}
	if c != l.control {
		defer c.Close()
	}
	response, out := answer(r, body)
	response.ID, response.Body = r.ID, len(out) > 0
	if len(out) > 65536 && c == l.control {
		if c, err = l.rendezvous(r.Address); err != nil {
			return err
		}
		defer c.Close()
	}
	if err := writeResponse(c, response); err != nil {
		return err
	}
	if len(out) > 0 {
		if err := c.WriteMessage(websocket.BinaryMessage, out); err != nil {
			return err
		}
	}
	if c != l.control {
		_, _, _ = c.ReadMessage() // the gateway closes when it has all
	}
	return nil
}

// next reads a request with its body, wherever it comes; c is where it came.
func (l *rawWeb) next() (r *webRequest, body []byte, c *websocket.Conn, err error) {
	c = l.control
	if r, err = readRequest(c); err == nil && r.Method == "" {
		if c, err = l.rendezvous(r.Address); err == nil {
			r, err = readRequest(c)
		}
	}
	if err == nil && r.Body {
		_, body, err = c.ReadMessage()
	}
	return r, body, c, err
}

func (l *rawWeb) rendezvous(address string) (*websocket.Conn, error) {
	c, _, err := l.dial.DialContext(l.t.Context(), address, nil)
	if err != nil {
		err = fmt.Errorf("rendezvous: %w", err)
	}
	return c, err
}

func readRequest(c *websocket.Conn) (*webRequest, error) {
	var m struct {
		Request webRequest `json:"request"`
	}
	if err := c.ReadJSON(&m); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	return &m.Request, nil
}

func writeResponse(c *websocket.Conn, r webResponse) error {
	return c.WriteJSON(map[string]webResponse{"response": r})
}

// order is what a sender wants to be answered, in X-Order; seen is what the listener saw, in X-Seen.
type (
	order struct {
		Status  int               `json:"status,omitempty"`
		Reason  string            `json:"reason,omitempty"`
		Headers map[string]string `json:"headers,omitempty"`
		Body    string            `json:"body,omitempty"`
		Size    int               `json:"size,omitempty"`
	}
	seen struct {
		Method string `json:"method"`
		Query  string `json:"query"`
		Bytes  int    `json:"bytes"`
		Custom string `json:"custom"`
		ID     string `json:"id"`
	}
)

// parseOrder reads X-Order and gives the whole body that it asks for.
func parseOrder(t *testing.T, text string) (o order, body string) {
	if text != "" {
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Errorf("X-Order %q: %v", text, err)
		}
	}
	if o.Status == 0 {
		o.Status = http.StatusOK
	}
	if o.Headers == nil {
		o.Headers = map[string]string{}
	}
	return o, o.Body + strings.Repeat("y", o.Size)
}

func header(r *webRequest, name string) string {
	for n, v := range r.Headers {
		if strings.EqualFold(n, name) {
			return v
		}
	}
	return ""
}
