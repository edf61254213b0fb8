package hybrid

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/interop"
)

// channel is a control channel in Go, for stories whose foreign program is the sender.
type channel struct {
	t    *testing.T
	dial *websocket.Dialer
	conn *websocket.Conn
}

// accept is what the gateway tells a listener of a sender.
type accept struct {
	Address        string            `json:"address"`
	ConnectHeaders map[string]string `json:"connectHeaders"`
}

func listen(t *testing.T, s *interop.Stand, entity string) *channel {
	t.Helper()
	dial := &websocket.Dialer{TLSClientConfig: s.TLS(), HandshakeTimeout: interop.Patience}
	token := wire.Sign("http://localhost/"+entity, s.Rule, s.Key, time.Now().Add(time.Hour))
	conn, resp, err := dial.DialContext(t.Context(), "wss://"+s.Listen+"/$hc/"+entity+"?sb-hc-action=listen", http.Header{"ServiceBusAuthorization": {token}})
	if err != nil {
		t.Fatalf("listen: %v %v", err, resp)
	}
	t.Cleanup(func() { conn.Close() })
	return &channel{t, dial, conn}
}

// next waits for a sender.
func (c *channel) next() accept {
	c.t.Helper()
	var message struct {
		Accept accept `json:"accept"`
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(interop.Patience))
	_, b, err := c.conn.ReadMessage()
	if err == nil {
		err = json.Unmarshal(b, &message)
	}
	if err != nil {
		c.t.Fatalf("accept message %q: %v", b, err)
	}
	return message.Accept
}

// curl starts curl as a sender with the words of a handshake and more arguments.
func curl(t *testing.T, s *interop.Stand, args ...string) *interop.Program {
	t.Helper()
	token := wire.Sign("http://localhost/"+interop.Hyco, s.Rule, s.Key, time.Now().Add(time.Hour))
	return interop.Start(t, t.TempDir(), nil, "curl", append([]string{
		"--silent", "--show-error", "--raw", "--dump-header", "-", "--no-buffer", "--http1.1", "--max-time", "25", "--cacert", s.CA,
		"--header", "Connection: Upgrade", "--header", "Upgrade: websocket", "--header", "Sec-WebSocket-Version: 13",
		"--header", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "--header", "ServiceBusAuthorization: " + token,
		"https://" + s.Send + "/$hc/" + interop.Hyco + "?sb-hc-action=connect",
	}, args...)...)
}

// TestReasonPhrase: the words of a listener that rejects reach the sender byte for byte, with whatever status it chose.
func TestReasonPhrase(t *testing.T) {
	interop.Need(t, "curl")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		listener := listen(t, s, interop.Hyco)
		for _, c := range []struct {
			status int
			reason string
		}{
			{403, "Not on  Sundays; ask \"Op's desk\" (ext. 5/6) {or} <us>, 100%"},
			{299, "lower case, and a code that nobody knows"},
			{999, ""},
		} {
			p := curl(t, s)
			_, resp, err := listener.dial.DialContext(t.Context(), wire.RejectAddress(listener.next().Address, c.status, c.reason), nil)
			if err == nil || resp == nil || resp.StatusCode != http.StatusGone {
				t.Fatalf("a reject was answered %v %v", resp, err)
			}
			p.Finish(interop.Patience)
			lines := strings.Split(p.Text(), "\n")
			if want := "HTTP/1.1 " + strconv.Itoa(c.status) + " " + c.reason; lines[0] != want {
				t.Errorf("status line %q, want %q", lines[0], want)
			}
			for _, field := range []string{"Content-Length: 0", "Connection: close", "Causeway-Error: Rejected"} {
				if !slices.Contains(lines, field) {
					t.Errorf("no %q in\n%s", field, p.Text())
				}
			}
		}
	})
}

// TestHeaderCase: names of header fields pass with the letters that their sender wrote, and the gateway's own answer has
// those of the standards.
func TestHeaderCase(t *testing.T) {
	interop.Need(t, "curl")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		listener := listen(t, s, interop.Hyco)
		p := curl(t, s, "--header", "x-lower: 1", "--header", "X-UPPER: 2", "--header", "x-MiXed-cAse: a,b", "--header", "SOAPAction: \"urn:x\"",
			"--header", "Authorization: Basic bWU6aXQ=")
		a := listener.next()
		for name, value := range map[string]string{
			"x-lower": "1", "X-UPPER": "2", "x-MiXed-cAse": "a,b", "SOAPAction": "\"urn:x\"", "Authorization": "Basic bWU6aXQ=", "Host": s.Send,
		} {
			if got, ok := a.ConnectHeaders[name]; !ok || got != value {
				t.Errorf("%s: %q reached the listener as %q in %q", name, value, got, a.ConnectHeaders)
			}
		}
		for name := range a.ConnectHeaders {
			if strings.EqualFold(name, "ServiceBusAuthorization") {
				t.Errorf("the listener was shown the sender's %s", name)
			}
		}
		stream, resp, err := listener.dial.DialContext(t.Context(), a.Address, nil)
		if err != nil {
			t.Fatalf("rendezvous: %v %v", err, resp)
		}
		for _, line := range []string{
			`^HTTP/1\.1 101 `, `^Upgrade: websocket$`, `^Connection: Upgrade$`, `^Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=$`,
			`^TrackingId: \S+$`,
		} {
			p.Await(line)
		}
		stream.Close()
		p.End(interop.Patience)
		if strings.Contains(p.Text(), "Sec-WebSocket-Protocol") || strings.Contains(p.Text(), "Sec-WebSocket-Extensions") {
			t.Errorf("the answer has more than was agreed:\n%s", p.Text())
		}
	})
}

// TestRefusalInWords: curl shows what the SDKs read: the reason phrase with its tracking suffix, and the JSON body.
func TestRefusalInWords(t *testing.T) {
	interop.Need(t, "curl")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		p := curl(t, s)
		p.Finish(interop.Patience)
		text := p.Text()
		status, _, _ := strings.Cut(text, "\n")
		reason, ok := strings.CutPrefix(status, "HTTP/1.1 404 ")
		if !ok || !strings.HasPrefix(reason, "There are no listeners connected for the endpoint. TrackingId:") || !strings.Contains(reason, interop.Hyco) {
			t.Errorf("status line %q", status)
		}
		var body struct {
			Error struct {
				Code    string `json:"code"`
				Message string `json:"message"`
			} `json:"error"`
		}
		if err := json.Unmarshal([]byte(text[strings.LastIndex(text, "\n")+1:]), &body); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if body.Error.Code != "EndpointNotFound" || body.Error.Message != reason {
			t.Errorf("body %+v, reason phrase %q", body.Error, reason)
		}
	})
}
