package hybrid_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

func emptyPool() *x509.CertPool { return x509.NewCertPool() }

// checkError holds an error against what it must say.
func checkError(t *testing.T, name string, err error, code fail.Code, status int, text string) {
	t.Helper()
	e, ok := errors.AsType[*hybrid.Error](err)
	if !ok {
		t.Errorf("%s: %T %v is no *hybrid.Error", name, err, err)
		return
	}
	if e.Code != code || e.Status != status || !strings.Contains(err.Error(), text) || !strings.HasPrefix(e.Target, "sb://localhost") {
		t.Errorf("%s: code %q status %d target %q, want %q %d: %v", name, e.Code, e.Status, e.Target, code, status, err)
	}
	if status != 0 && (e.TrackingID == "" || e.Reason == "" || e.Do == "") {
		t.Errorf("%s: something is missing: %#v", name, e)
	}
}

// TestRefusals: every no is typed, says what to do next and hides the key.
func TestRefusals(t *testing.T) {
	both(t, func(s *set) {
		root, expired := s.Root(), func(context.Context, string) (string, time.Time, error) {
			return s.Token(s.Root(), "http://localhost/hyco", time.Now().Add(-time.Hour)), time.Time{}, nil
		}
		elsewhere := func(context.Context, string) (string, time.Time, error) {
			return s.Token(s.Root(), "http://localhost/other", time.Now().Add(time.Hour)), time.Time{}, nil
		}
		broken := func(context.Context, string) (string, time.Time, error) {
			return "", time.Time{}, errors.New("the vault is closed")
		}
		wrong := strings.Replace(s.send, string(root.Primary), "d3Jvbmc=", 1)
		unnamed := "Endpoint=sb://" + s.Node(0).Host("https") + "/"
		for _, c := range []struct {
			name    string
			cs      string
			option  hybrid.Option
			code    fail.Code
			status  int
			text    string
			sending bool // only senders are refused so
		}{
			{"unknown entity", s.send, hybrid.WithEntity("nothing/here"), fail.UnknownEntity, 404, "causeway relay create", false},
			{"no listener", s.send, hybrid.WithEntity("hyco"), fail.NoListener, 404, "start the listener", true},
			{"wrong key", wrong, hybrid.WithEntity("hyco"), fail.InvalidSignature, 401, "rule keys", false},
			{"expired", s.send, hybrid.WithTokenSource(expired), fail.ExpiredToken, 401, "clocks", false},
			{"another audience", s.send, hybrid.WithTokenSource(elsewhere), fail.InvalidAudience, 401, "address", false},
			{"no token", unnamed, hybrid.WithEntity("hyco"), fail.MissingToken, 401, "--anonymous-senders", true},
			{"no token to be had", s.send, hybrid.WithTokenSource(broken), "", 0, "the vault is closed", false},
		} {
			for _, op := range []string{"dial", "listen"} {
				if c.sending && op == "listen" {
					continue
				}
				name := op + ": " + c.name
				entity := hybrid.WithEntity("hyco")
				var err error
				if op == "dial" {
					_, err = hybrid.Dial(s.context(), c.cs, entity, s.trust(), c.option)
				} else {
					_, err = hybrid.Listen(s.context(), c.cs, entity, s.trust(), c.option)
				}
				checkError(s.t, name, err, c.code, c.status, c.text)
				if e, ok := errors.AsType[*hybrid.Error](err); ok && e.Op != op {
					s.t.Errorf("%s: operation %s", name, e.Op)
				}
				s.Saw(name, []byte(err.Error()))
			}
		}
	})
}

// TestRights: a rule that may only send cannot listen, and the reverse.
func TestRights(t *testing.T) {
	both(t, func(s *set) {
		s.Add(&entity.Entity{Name: "limited", Rules: []entity.Rule{
			{Name: "s", Rights: entity.Send, Primary: "c2VuZGVyLW9mLXRlc3Rz"}, {Name: "l", Rights: entity.Listen, Primary: "bGlzdGVuZXItb2YtdGVzdHM="},
		}})
		at := func(rule, key string) string {
			return "Endpoint=sb://" + s.Node(0).Host("https") + "/;SharedAccessKeyName=" + rule + ";SharedAccessKey=" + key + ";EntityPath=limited"
		}
		_, err := hybrid.Listen(s.context(), at("s", "c2VuZGVyLW9mLXRlc3Rz"), s.trust())
		checkError(s.t, "listen with a sender's key", err, fail.RightMissing, 401, "right")
		_, err = hybrid.Dial(s.context(), at("l", "bGlzdGVuZXItb2YtdGVzdHM="), s.trust())
		checkError(s.t, "dial with a listener's key", err, fail.RightMissing, 401, "right")
	})
}

// TestListenerLimit: the 26th listener is told so.
func TestListenerLimit(t *testing.T) {
	s := alone(t, testcluster.WithConfig(func(_ int, c *config.Config) { c.Limits.ListenersPerEntity = 2 }))
	s.listener()
	s.listener()
	_, err := hybrid.Listen(s.context(), s.listen, hybrid.WithEntity("hyco"), s.trust())
	checkError(t, "a listener too many", err, fail.ListenerLimit, 403, "limits.listenersPerEntity")
	if e, ok := errors.AsType[*hybrid.Error](err); ok && !e.Temporary() {
		t.Error("it may succeed later")
	}
}

// TestUnreachable: nobody is there, somebody else is there, and somebody who says nothing.
func TestUnreachable(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := closed.Addr().String()
	closed.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	s := alone(t)
	local := func(address string) string {
		_, port, _ := net.SplitHostPort(address)
		return "Endpoint=sb://localhost:" + port + "/;SharedAccessKeyName=r;SharedAccessKey=k;EntityPath=hyco"
	}
	for _, c := range []struct {
		name, cs, text string
		timeout        time.Duration
	}{
		{"nobody", local(gone), "causeway serve", patience},
		{"the plain door", local(s.Node(0).Door("http")), "https door", patience},
		{"silence", local(silent.Addr().String()), "wait longer", 100 * time.Millisecond},
	} {
		_, err := hybrid.Dial(s.context(), c.cs, s.trust(), hybrid.WithTimeout(c.timeout))
		checkError(t, "dial: "+c.name, err, "", 0, c.text)
		_, err = hybrid.Listen(s.context(), c.cs, s.trust(), hybrid.WithTimeout(c.timeout))
		checkError(t, "listen: "+c.name, err, "", 0, c.text)
		if e, ok := errors.AsType[*hybrid.Error](err); ok && (!e.Temporary() || e.Timeout() != (c.name == "silence")) {
			t.Errorf("%s: temporary %v, timeout %v", c.name, e.Temporary(), e.Timeout())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := hybrid.Dial(ctx, local(silent.Addr().String()), s.trust()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestGivenWrong: what cannot work is said before anything is dialled, without the key.
func TestGivenWrong(t *testing.T) {
	const cs = "Endpoint=sb://localhost:1/;SharedAccessKeyName=r;SharedAccessKey=c2VjcmV0"
	never := hybrid.WithNetDial(func(context.Context, string, string) (net.Conn, error) {
		t.Error("something was dialled")
		return nil, net.ErrClosed
	})
	name := hybrid.WithEntity("hyco")
	for _, c := range []struct {
		text, cs string
		options  []hybrid.DialOption
	}{
		{"WithEntity", cs, nil},
		{"give one of them", cs + ";EntityPath=a", []hybrid.DialOption{hybrid.WithEntity("b")}},
		{"connection string", "Endpoint=http://localhost/;SharedAccessKey=c2VjcmV0", []hybrid.DialOption{name}},
		{"WithTokenSource", "Endpoint=sb://localhost/;Authentication=Managed Identity", []hybrid.DialOption{name}},
		{"CA file", cs, []hybrid.DialOption{name, hybrid.WithCAFile("/nowhere/ca.pem")}},
		{"is not a token", cs, []hybrid.DialOption{name, hybrid.WithHeader(http.Header{"": {"x"}})}},
		{"is not a token", cs, []hybrid.DialOption{name, hybrid.WithHeader(http.Header{"Bad\nHeader": {"x"}})}},
		{"is not a token", cs, []hybrid.DialOption{name, hybrid.WithHeader(http.Header{"Bad:Header": {"x"}})}},
		{"control character", cs, []hybrid.DialOption{name, hybrid.WithHeader(http.Header{"Good": {"a\r\nb: c"}})}},
		{"belongs to the handshake", cs, []hybrid.DialOption{name, hybrid.WithHeader(http.Header{"sec-websocket-key": {"x"}})}},
		{"belongs to the handshake", cs, []hybrid.DialOption{name, hybrid.WithHeader(http.Header{"Host": {"x"}})}},
		{"is not a token", cs, []hybrid.DialOption{name, hybrid.WithSubprotocols("a b")}},
	} {
		_, err := hybrid.Dial(t.Context(), c.cs, append(c.options, never)...)
		e, ok := errors.AsType[*hybrid.Error](err)
		if !ok || !strings.Contains(err.Error(), c.text) || e.Temporary() || strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("want %q: %v", c.text, err)
		}
	}
	for _, c := range []struct {
		text, cs string
		option   hybrid.ListenOption
	}{
		{"needs a key", "Endpoint=sb://localhost/", name},
		{"must not be empty", cs, hybrid.WithBacklog(0)},
		{"must not be empty", cs, hybrid.WithBackoff()},
	} {
		if _, err := hybrid.Listen(t.Context(), c.cs, name, never, c.option); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("want %q: %v", c.text, err)
		}
	}
}

// TestAcceptHook: the listener's own words reach the sender, its mistakes do not.
func TestAcceptHook(t *testing.T) {
	both(t, func(s *set) {
		heard := newEvents()
		l := s.listener(heard.option(), hybrid.WithAcceptHook(func(_ context.Context, r *hybrid.Request) (string, error) {
			switch r.URL.Query().Get("do") {
			case "reject":
				return "", hybrid.Reject(418, "I'm a teapot, & more")
			case "strange":
				return "", hybrid.Reject(7, "")
			case "fail":
				return "", errors.New("the database at 10.0.0.1 is down")
			default:
				return "second", nil
			}
		}))
		_, err := s.dial(hybrid.WithTarget("?do=reject"))
		e, ok := errors.AsType[*hybrid.Error](err)
		if !ok || e.Code != fail.Rejected || e.Status != 418 || e.Reason != "I'm a teapot, & more" || e.Temporary() {
			s.t.Errorf("rejected: %#v", err)
		}
		_, err = s.dial(hybrid.WithTarget("?do=strange"))
		if e, ok := errors.AsType[*hybrid.Error](err); !ok || e.Status != 400 || e.Reason != "Bad Request" {
			s.t.Errorf("rejected strangely: %#v", err)
		}
		_, err = s.dial(hybrid.WithTarget("?do=fail"))
		if e, ok := errors.AsType[*hybrid.Error](err); !ok || e.Status != 502 || !strings.Contains(e.Reason, "AcceptHandler") || strings.Contains(err.Error(), "10.0.0.1") {
			s.t.Errorf("failed: %#v", err)
		}
		if ev := heard.next(s.t, hybrid.SenderLost); !strings.Contains(ev.Err.Error(), "10.0.0.1") {
			s.t.Errorf("the listener heard %v", ev.Err)
		}
		near, far := s.pair(l, hybrid.WithSubprotocols("first", "second"))
		if near.Subprotocol() != "second" || far.Subprotocol() != "second" {
			s.t.Errorf("chosen: %q %q", near.Subprotocol(), far.Subprotocol())
		}
	})
}

// TestSubprotocols: the sender's first without a word, the listener's order with one.
func TestSubprotocols(t *testing.T) {
	s := alone(t)
	for _, c := range []struct {
		listener, sender []string
		want             string
	}{
		{nil, nil, ""},
		{nil, []string{"a", "b"}, "a"},
		{[]string{"c", "b", "a"}, []string{"a", "b"}, "b"},
		{[]string{"c"}, []string{"a", "b"}, ""},
		{[]string{"c"}, nil, ""},
	} {
		var options []hybrid.ListenOption
		if c.listener != nil {
			options = append(options, hybrid.WithSubprotocols(c.listener...))
		}
		l := s.listener(options...)
		near, far := s.pair(l, hybrid.WithSubprotocols(c.sender...))
		if near.Subprotocol() != c.want || far.Subprotocol() != c.want {
			t.Errorf("%v %v: %q %q, want %q", c.listener, c.sender, near.Subprotocol(), far.Subprotocol(), c.want)
		}
		near.Abort()
		l.Close()
	}
}

// TestBacklog: one sender too many is turned away at once; room that Accept makes is used.
func TestBacklog(t *testing.T) {
	both(t, func(s *set) {
		heard := newEvents()
		l := s.listener(hybrid.WithBacklog(2), heard.option())
		var waiting sync.WaitGroup
		for range 2 {
			waiting.Go(func() {
				c, err := s.dial()
				if err != nil {
					s.t.Error(err)
					return
				}
				s.t.Cleanup(c.Abort)
			})
		}
		waiting.Wait()
		_, err := s.dial()
		if e, ok := errors.AsType[*hybrid.Error](err); !ok || e.Status != 503 || !strings.Contains(e.Reason, "backlog") {
			s.t.Errorf("%v", err)
		}
		heard.next(s.t, hybrid.SenderLost)
		c, err := l.AcceptConn()
		if err != nil {
			s.t.Fatal(err)
		}
		c.Abort()
		c, err = s.dial()
		if err != nil {
			s.t.Fatalf("behind an Accept: %v", err)
		}
		c.Abort()
	})
}
