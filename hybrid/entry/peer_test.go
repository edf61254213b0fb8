package entry_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// The client of these tests: a socket on which every byte that leaves is the test's own and every byte that comes back can
// be looked at. Methods that begin with try give errors and may be called from any goroutine; the others end the test.

// sampleKey and sampleAccept are the handshake of RFC 6455 section 1.3.
const (
	sampleKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// upgrade are the fields of an ordinary handshake.
const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + sampleKey + "\r\n"

// peer is one connection to a door.
type peer struct {
	t    *testing.T
	c    *testcluster.Cluster
	host string // what stands in the Host field
	conn net.Conn
	in   []byte // read and not used yet
}

// dial opens a connection to a door of a node.
func (s *set) dial(n *testcluster.Node, door string) *peer {
	s.t.Helper()
	p, err := s.tryDial(n.Door(door), n.Host(door), door == "http")
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// tryDial connects to an address; host is what the peer calls it.
func (s *set) tryDial(address, host string, plain bool) (*peer, error) {
	conn, err := s.reach(address)
	if err != nil {
		return nil, err
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if !plain {
		conn = tls.Client(conn, s.trust())
	}
	return &peer{t: s.t, c: s.Cluster, host: host, conn: conn}, nil
}

// head makes the bytes of a GET with the usual handshake and further lines.
func (p *peer) head(target string, lines ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\n%s", target, p.host, upgrade)
	for _, line := range lines {
		b.WriteString(line + "\r\n")
	}
	return b.String() + "\r\n"
}

// write sends bytes as they are.
func (p *peer) write(b string) *peer {
	p.t.Helper()
	if err := p.tryWrite([]byte(b)); err != nil {
		p.t.Fatalf("write: %v", err)
	}
	return p
}

func (p *peer) tryWrite(b []byte) error {
	if err := p.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := p.conn.Write(b)
	return err
}

// more waits for bytes.
func (p *peer) more() error {
	if err := p.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	var buf [16 << 10]byte
	n, err := p.conn.Read(buf[:])
	p.in = append(p.in, buf[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

// answer is a response.
type answer struct {
	*http1.Head
	Body string
	p    *peer
}

// tryAnswer reads a response, all of its body included.
func (p *peer) tryAnswer() (*answer, error) {
	for {
		h, n, err := http1.DecodeResponse(p.in, http1.Limits{})
		if err != nil {
			return nil, fmt.Errorf("%w in %q", err, p.in)
		}
		if n > 0 {
			p.c.Saw("an answer's head", p.in[:n])
			p.in = p.in[n:]
			a := &answer{Head: h, p: p}
			err = a.read()
			return a, err
		}
		if err := p.more(); err != nil {
			return nil, fmt.Errorf("%w behind %q", err, p.in)
		}
	}
}

func (a *answer) read() error {
	framing, err := http1.ResponseFraming(a.Head, "GET")
	if err != nil {
		return err
	}
	for int64(len(a.p.in)) < framing.Length {
		if err := a.p.more(); err != nil {
			return err
		}
	}
	a.Body = string(a.p.in[:framing.Length])
	a.p.c.Saw("an answer's body", []byte(a.Body))
	a.p.in = a.p.in[framing.Length:]
	return nil
}

func (p *peer) answer() *answer {
	p.t.Helper()
	a, err := p.tryAnswer()
	if err != nil {
		p.t.Fatalf("answer: %v", err)
	}
	return a
}

// upgraded wants the 101 of a handshake, exactly as reference section 3 has it, and the sub-protocol.
func (p *peer) upgraded(protocol string) *peer {
	p.t.Helper()
	a := p.answer()
	if a.Status != 101 {
		p.t.Fatalf("status %d %q, want 101", a.Status, a.Reason)
	}
	want := []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: " + sampleAccept}
	if protocol != "" {
		want = append(want, "Sec-WebSocket-Protocol: "+protocol)
	}
	for i, line := range want {
		if i >= len(a.Fields) || a.Fields[i].Name+": "+a.Fields[i].Value != line {
			p.t.Errorf("field %d of the 101 is not %q: %v", i, line, a.Fields)
		}
	}
	if len(a.Fields) != len(want)+1 || !markShape.MatchString(a.Fields.Get("TrackingId")) {
		p.t.Errorf("fields of the 101: %v", a.Fields)
	}
	return p
}

// The shapes of reference section 5.
var (
	markShape   = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}_G[0-9]+$`)
	reasonShape = regexp.MustCompile(`^(.*)\. TrackingId:(\S+), SystemTracker:(\S+), Timestamp:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)$`)
	closeShape  = regexp.MustCompile(`^(.*)\. TrackingId:[0-9a-fA-F-]{36}_G[0-9]+$`)
)

// refused wants an answer of the gateway's own: status, reason in its whole shape, error body, code, and the end. system is
// what the SystemTracker shows behind the host; what the message is to contain follows.
func (p *peer) refused(status int, code, system string, message ...string) *answer {
	p.t.Helper()
	a := p.answer()
	m := reasonShape.FindStringSubmatch(a.Reason)
	if a.Status != status || m == nil {
		p.t.Fatalf("status %d %q, want %d", a.Status, a.Reason, status)
	}
	for _, part := range message {
		if !strings.Contains(m[1], part) {
			p.t.Errorf("reason %q does not have %q", m[1], part)
		}
	}
	if !markShape.MatchString(m[2]) || m[2] != a.Fields.Get("TrackingId") {
		p.t.Errorf("tracking id %q in the reason, %q in the field", m[2], a.Fields.Get("TrackingId"))
	}
	if want := "sb://" + p.host + system; m[3] != want {
		p.t.Errorf("system tracker %q, want %q", m[3], want)
	}
	if at, err := time.Parse("2006-01-02T15:04:05", m[4]); err != nil || time.Since(at).Abs() > time.Minute {
		p.t.Errorf("time %q is not now (%v)", m[4], err)
	}
	if got := a.Fields.Get("Causeway-Error"); got != code {
		p.t.Errorf("code %q, want %q", got, code)
	}
	a.body()
	p.ended()
	return a
}

// body wants the JSON of reference section 5 with the reason again.
func (a *answer) body() {
	a.p.t.Helper()
	var body struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal([]byte(a.Body), &body); err != nil || body.Error.Message != a.Reason || body.Error.Code == "" {
		a.p.t.Errorf("body %q: %v", a.Body, err)
	}
	names := map[int]string{401: "TokenMissingOrInvalid", 403: "Forbidden", 404: "EndpointNotFound", 500: "InternalServerError", 504: "GatewayTimeout"}
	if want, ok := names[a.Status]; ok && body.Error.Code != want {
		a.p.t.Errorf("error.code %q, want %q", body.Error.Code, want)
	}
	if !strings.EqualFold(a.Fields.Get("Connection"), "close") || a.Fields.Get("Content-Type") != "application/json" {
		a.p.t.Errorf("fields %v", a.Fields)
	}
}

// ended wants the orderly end of the connection and nothing before it.
func (p *peer) ended() {
	p.t.Helper()
	if err := p.tryEnded(); err != nil {
		p.t.Error(err)
	}
}

func (p *peer) tryEnded() error {
	for len(p.in) == 0 {
		switch err := p.more(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("the connection did not end in order: %w", err)
		}
	}
	return fmt.Errorf("more came in place of the end: %q", p.in)
}

// lost wants the connection to break: neither a Close frame nor an orderly end.
func (p *peer) lost() {
	p.t.Helper()
	for {
		f, err := p.tryFrame()
		switch {
		case err == nil && f.Op.Control() && f.Op != wsframe.Close:
		case err == nil:
			p.t.Errorf("%v %q came in place of a loss", f.Op, f.payload)
			return
		case errors.Is(err, io.EOF) || isTimeout(err):
			p.t.Errorf("the connection ended with %v in place of a loss", err)
			return
		default:
			return
		}
	}
}

// gone wants the connection down without a Close frame; how TCP ends says nothing more to a peer that had its Close before,
// or to a control channel, whose every end without a Close is a loss.
func (p *peer) gone() {
	p.t.Helper()
	for {
		f, err := p.tryFrame()
		switch {
		case err == nil && f.Op == wsframe.Ping:
		case err == nil || isTimeout(err):
			p.t.Errorf("%v %q and %v in place of the end", f.Op, f.payload, err)
			return
		default:
			return
		}
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// reset breaks the connection: the gateway sees a reset.
func (p *peer) reset() {
	conn := p.conn
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	if tcp, ok := conn.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// frame is a whole frame.
type frame struct {
	wsframe.Header
	payload []byte
}

// tryFrame reads one frame.
func (p *peer) tryFrame() (frame, error) {
	for {
		h, n, err := wsframe.Decode(p.in)
		if err != nil {
			return frame{}, err
		}
		if n > 0 && h.Masked {
			return frame{}, errors.New("the gateway masks")
		}
		if n > 0 && int64(len(p.in)-n) >= h.Len {
			f := frame{h, bytes.Clone(p.in[n : n+int(h.Len)])}
			p.in = p.in[n+int(h.Len):]
			return f, nil
		}
		if err := p.more(); err != nil {
			return frame{}, err
		}
	}
}

// tryData reads data frames until a message is complete; pings are answered. The longest fragment comes back too.
func (p *peer) tryData() (op wsframe.Op, message []byte, longest int64, err error) {
	for {
		f, err := p.tryFrame()
		switch {
		case err != nil:
			return op, message, longest, err
		case f.Op == wsframe.Ping:
			if err := p.trySend(wsframe.Pong, f.payload); err != nil {
				return op, message, longest, err
			}
			continue
		case f.Op == wsframe.Pong:
			continue
		case f.Op == wsframe.Close:
			code, text, err := wsframe.DecodeClose(f.payload)
			return f.Op, nil, 0, closed{code, text, err}
		case f.Op != wsframe.Cont:
			op = f.Op
		}
		message, longest = append(message, f.payload...), max(longest, f.Len)
		if f.Fin {
			return op, message, longest, nil
		}
	}
}

// closed is a Close frame in place of data.
type closed struct {
	code int
	text string
	bad  error
}

func (c closed) Error() string { return fmt.Sprintf("closed %d %q (%v)", c.code, c.text, c.bad) }

// data wants one message of that kind with exactly that payload.
func (p *peer) data(op wsframe.Op, want []byte) (longest int64) {
	p.t.Helper()
	got, b, longest, err := p.tryData()
	if err != nil {
		p.t.Fatalf("message: %v", err)
	}
	if got != op || !bytes.Equal(b, want) {
		p.t.Fatalf("message %v of %d bytes, want %v of %d", got, len(b), op, len(want))
	}
	return longest
}

// closes wants a Close frame with that code and text.
func (p *peer) closes(code int, text string) {
	p.t.Helper()
	_, b, _, err := p.tryData()
	var c closed
	if !errors.As(err, &c) || c.code != code || c.text != text || c.bad != nil {
		p.t.Fatalf("%v and %d bytes of data, want Close %d %q", err, len(b), code, text)
	}
}

// dismissed wants a Close of the gateway's own with that code and those words, and gives its text.
func (p *peer) dismissed(code int, words ...string) string {
	p.t.Helper()
	_, b, _, err := p.tryData()
	var c closed
	if !errors.As(err, &c) || c.code != code {
		p.t.Fatalf("%v and %q, want Close %d", err, b, code)
	}
	p.c.Saw("a Close", []byte(c.text))
	for _, word := range words {
		if !strings.Contains(c.text, word) {
			p.t.Errorf("close text %q does not have %q", c.text, word)
		}
	}
	return c.text
}

// trySend sends a masked frame.
func (p *peer) trySend(op wsframe.Op, payload []byte) error {
	h := wsframe.Header{Fin: true, Op: op, Masked: true, Key: [4]byte{1, 2, 3, 4}}
	return p.tryWrite(wsframe.AppendFrame(nil, h, payload))
}

func (p *peer) send(op wsframe.Op, payload []byte) *peer {
	p.t.Helper()
	if err := p.trySend(op, payload); err != nil {
		p.t.Fatalf("send: %v", err)
	}
	return p
}

// sendClose sends a Close frame.
func (p *peer) sendClose(code int, text string) *peer {
	p.t.Helper()
	return p.send(wsframe.Close, wsframe.AppendClose(nil, code, text))
}

// sign makes a token with the root rule for an audience below the host: "" is the namespace.
func (s *set) sign(path string) string {
	return s.Token(s.Root(), "http://localhost/"+path, inAnHour())
}

// credential is the usual place of a token.
func credential(token string) string { return "ServiceBusAuthorization: " + token }

// target makes a request target of the protocol.
func target(path, action, query string) string {
	t := "/$hc/" + path + "?sb-hc-action=" + action
	if query != "" {
		t += "&" + query
	}
	return t
}

// channel is a control channel.
type channel struct {
	*peer
	s     *set
	plain bool
}

// dismissed wants the tracking id too (reference section 6.5).
func (c *channel) dismissed(code int, words ...string) {
	c.t.Helper()
	if text := c.peer.dismissed(code, words...); !closeShape.MatchString(text) {
		c.t.Errorf("close text %q has no tracking id", text)
	}
}

// register opens a control channel at the listener's node; query goes behind the action.
func (s *set) register(path, query string) *channel {
	s.t.Helper()
	return s.registerAt(s.listenerNode, path, query)
}

func (s *set) registerAt(n *testcluster.Node, path, query string) *channel {
	s.t.Helper()
	p := s.dial(n, s.door)
	p.write(p.head(target(path, "listen", query), credential(s.sign(path))))
	return &channel{p.upgraded(""), s, s.door == "http"}
}

// tryOffer waits for an accept message.
func (c *channel) tryOffer() (*acceptMessage, error) {
	op, b, longest, err := c.tryData()
	if err != nil {
		return nil, err
	}
	m := new(acceptMessage)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, err
	}
	if op != wsframe.Text || len(b) > 65536 || longest > 32<<10 || m.Accept.Address == "" || m.Accept.RemoteEndpoint.Port == 0 {
		return nil, fmt.Errorf("accept message %v of %d bytes in frames up to %d: %s", op, len(b), longest, b)
	}
	c.c.Saw("an accept message", b)
	return m, nil
}

func (c *channel) offer() *acceptMessage {
	c.t.Helper()
	m, err := c.tryOffer()
	if err != nil {
		c.t.Fatalf("offer: %v", err)
	}
	return m
}

// tryVisit dials an address of an accept message and sends the handshake; more goes behind the address.
func (s *set) tryVisit(address string, lines ...string) (*peer, error) {
	scheme, rest, _ := strings.Cut(address, "://")
	authority, target, _ := strings.Cut(rest, "/")
	host, port, err := net.SplitHostPort(authority)
	if err != nil || host != "localhost" || (scheme == "ws") != (s.door == "http") {
		return nil, fmt.Errorf("address %q does not lead to a door %s of localhost: %w", address, s.door, err)
	}
	p, err := s.tryDial(net.JoinHostPort("127.0.0.1", port), authority, scheme == "ws")
	if err != nil {
		return nil, err
	}
	err = p.tryWrite([]byte(p.head("/"+target, lines...)))
	return p, err
}

func (s *set) visit(address string, lines ...string) *peer {
	s.t.Helper()
	p, err := s.tryVisit(address, lines...)
	if err != nil {
		s.t.Fatalf("visit %s: %v", address, err)
	}
	return p
}

// arrive opens a sender's connection at the sender's node and sends its handshake; the answer is still to come.
func (s *set) arrive(path, query string, lines ...string) *peer {
	s.t.Helper()
	p := s.dial(s.senderNode, s.door)
	if !strings.HasPrefix(path, "open") {
		lines = append(lines, credential(s.sign("")))
	}
	return p.write(p.head(target(path, "connect", query), lines...))
}

// pair is a stream: both ends have their 101.
func (s *set) pair(c *channel, path, query string, lines ...string) (sender, listener *peer) {
	s.t.Helper()
	sender = s.arrive(path, query, lines...)
	listener = s.visit(c.offer().Accept.Address).upgraded("")
	return sender.upgraded(""), listener
}

// pattern is the digits' bytes 00 to 09 repeated to n bytes (reference section 16.6).
func pattern(n int) []byte { return bytes.Clone(patterns()[:n]) }

// patterns is made once: the race detector makes each byte of it dear.
var patterns = sync.OnceValue(func() []byte { return bytes.Repeat([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09"), 1<<19) })

// pingPong makes sure that the gateway has read what the peer sent so far.
func (p *peer) pingPong() {
	p.t.Helper()
	p.send(wsframe.Ping, []byte("there?"))
	for {
		f, err := p.tryFrame()
		if err != nil {
			p.t.Fatalf("waiting for a pong: %v", err)
		}
		if f.Op == wsframe.Pong && string(f.payload) == "there?" {
			return
		}
	}
}

// trust is the TLS of clients, made once a cluster.
func (s *set) trust() *tls.Config {
	s.once.Do(func() { s.tls = s.TLS() })
	return s.tls
}

// add makes an entity that asks senders for tokens.
func (s *set) add(name string) *entity.Entity { return s.Add(&entity.Entity{Name: name}) }

// formEncoded is a token in a query.
func formEncoded(token string) string { return url.QueryEscape(token) }

// await waits for a log line with these attributes.
func (s *set) await(want map[string]string) map[string]string {
	s.t.Helper()
	ctx, cancel := testContext(s.t)
	defer cancel()
	return s.Await(ctx, fmt.Sprint(want), func(line map[string]string) bool {
		for k, v := range want {
			if line[k] != v {
				return false
			}
		}
		return true
	})
}

// inAnHour is when tokens of these tests expire.
func inAnHour() time.Time { return time.Now().Add(time.Hour) }

// index is the node's number in the cluster, counted from 0.
func (s *set) index(n *testcluster.Node) int { return int(n.Num) - 1 }
