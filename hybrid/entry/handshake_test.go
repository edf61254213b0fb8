package entry_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/http1/corpus"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// Handshakes that are none, too long, too slow or meant to be read in two ways. A listener is online and must never see one.

// echoing is a set with the anonymous entity echo, its listener online, and clients at the door without TLS.
func echoing(t *testing.T, story func(s *set, c *channel), opts ...testcluster.Option) {
	t.Helper()
	both(t, func(s *set) { story(s, s.echoes()) }, opts...)
}

// echoes is an entity that takes every sender, without TLS, and its listener.
func (s *set) echoes() *channel {
	s.t.Helper()
	s.Add(&entity.Entity{Name: "echo", AnonymousSenders: true})
	s.door = "http"
	return s.register("echo", "")
}

// undisturbed wants the listener to have been told of nobody so far.
func (c *channel) undisturbed() {
	c.t.Helper()
	c.send(wsframe.Ping, []byte("anything?"))
	for {
		f, err := c.tryFrame()
		switch {
		case err != nil:
			c.t.Fatal(err)
		case f.Op == wsframe.Pong:
			return
		case f.Op != wsframe.Ping:
			c.t.Errorf("the listener got %v %q", f.Op, f.payload)
		}
	}
}

// TestNotQuiteAWebSocket are the field cases of a proxy that strips the upgrade: a clear no, at once.
func TestNotQuiteAWebSocket(t *testing.T) {
	files, err := filepath.Glob("testdata/not-quite-a-websocket/*.bin")
	if err != nil || len(files) != 5 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	only := "This endpoint is only for web-socket requests"
	reasons := map[string]string{
		"no-upgrade": only, "post": only, "no-connection": only, "version-8": "Sec-WebSocket-Version header must be 13",
		"no-key": "Sec-WebSocket-Key header is missing",
	}
	echoing(t, func(s *set, c *channel) {
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				s.t.Fatal(err)
			}
			name := strings.TrimSuffix(filepath.Base(file), ".bin")
			var took time.Duration
			for range 5 { // a machine under load gets more than one try; a wait would come each time
				p := s.dial(s.senderNode, "http")
				began := time.Now()
				a := p.write(string(b)).answer()
				took = time.Since(began)
				if m := reasonShape.FindStringSubmatch(a.Reason); a.Status != 400 || m == nil || !strings.Contains(m[1], reasons[name]) {
					s.t.Errorf("%s: %d %q", name, a.Status, a.Reason)
				}
				if bad := bytes.Contains(b, []byte("Version: 13")); !bad && a.Fields.Get("Sec-WebSocket-Version") != "13" {
					s.t.Errorf("%s: the versions that are spoken are not told: %v", name, a.Fields)
				}
				p.ended()
				if took < time.Second {
					break
				}
			}
			if took >= time.Second {
				s.t.Errorf("%s was answered after %v", name, took)
			}
		}
		c.undisturbed()
	})
}

// TestOddHandshakes: what else is no handshake, and what is one though it looks odd.
func TestOddHandshakes(t *testing.T) {
	const key, version = "Sec-WebSocket-Key: " + sampleKey + "\r\n", "Sec-WebSocket-Version: 13\r\n"
	echoing(t, func(s *set, c *channel) {
		for _, row := range []struct {
			head string
			want int // status
		}{
			{"GET /$hc/echo HTTP/1.1\r\nhost: h\r\nupgrade: WebSocket\r\nconnection: keep-alive, upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: " + sampleKey + "\r\n", 101},
			{"GET http://h/$hc/echo HTTP/1.1\r\nHost: h\r\n" + upgrade, 101},
			{"\r\nGET /$hc/echo HTTP/1.1\r\nHost: h\r\n" + upgrade, 101},
			{"GET /$hc/echo HTTP/1.0\r\nHost: h\r\n" + upgrade, 400},
			{"HEAD /$hc/echo HTTP/1.1\r\nHost: h\r\n" + upgrade, 400},
			{"get /$hc/echo HTTP/1.1\r\nHost: h\r\n" + upgrade, 400},
			{"GET /$hc/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n" + upgrade, 400},
			{"GET /$hc/echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n" + upgrade, 400},
			{"GET /$hc/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n" + upgrade, 101},
			{"GET /$hc/echo HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n" + version + key, 400},
			{"GET /$hc/echo HTTP/1.1\r\nHost: h\r\nUpgrade: h2c, websocket\r\nConnection: Upgrade\r\n" + version + key, 101},
			{"GET /$hc/echo HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: close\r\n" + version + key, 400},
			{"GET /$hc/echo HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + key, 400},
			{"GET /$hc/echo HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + version + "Sec-WebSocket-Key:\r\n", 400},
			{"GET /$hcx/echo HTTP/1.1\r\nHost: h\r\n" + upgrade, 400},
			{"GET /$hc/echo HTTP/1.1\nHost: h\n" + strings.ReplaceAll(upgrade, "\r\n", "\n"), 400},
			{"GET /$hc/echo HTTP/1.1\r\n" + upgrade, 400},
			{"GET /$hc/echo HTTP/1.1\r\nHost: h\r\nHost: h\r\n" + upgrade, 400},
		} {
			p := s.dial(s.senderNode, "http")
			p.write(row.head + "\r\n")
			if row.want == 101 {
				s.visitLoosely(c.offer().Accept.Address)
			}
			if a := p.answer(); a.Status != row.want {
				s.t.Errorf("%q was answered %d %q, want %d", row.head, a.Status, a.Reason, row.want)
			}
		}
		c.undisturbed()
	})
}

// visitLoosely takes an offer whose address has another host name than the doors have.
func (s *set) visitLoosely(address string) {
	s.t.Helper()
	_, rest, _ := strings.Cut(address, "://")
	_, target, _ := strings.Cut(rest, "/")
	s.visitTarget("/" + target).upgraded("")
}

// TestSmuggledHandshakes puts a sample of the corpus of broken requests to a door of the whole gateway, those that are GETs as
// handshakes that would be senders but for their one fault. The listener hears of the repaired ones only.
func TestSmuggledHandshakes(t *testing.T) {
	const heads, bodies = 400, 60
	echoing(t, func(s *set, c *channel) {
		place := corpus.Place{Host: "localhost", Path: "/$hc/echo"}
		senders := 0
		for _, item := range append(corpus.Pick(corpus.Heads(place), heads), corpus.Pick(corpus.Bodies(place), bodies)...) {
			broken, repaired := item.Broken, item.Repaired
			sender := item.Plain && bytes.HasPrefix(repaired, []byte("GET ")) && len(item.Body) == 0
			if sender {
				broken, repaired = asHandshake(broken), asHandshake(repaired)
			}
			p := s.dial(s.senderNode, "http")
			if a := p.put(broken); a == nil || a.Status < 400 {
				s.t.Errorf("%s (%s) was answered %v", item.Name, item.Rule, a)
			}
			c.undisturbed()
			if !sender {
				continue
			}
			senders++
			p = s.dial(s.senderNode, "http")
			p.write(string(repaired))
			c.offer()
			_ = p.conn.Close()
		}
		if senders < 50 {
			s.t.Errorf("only %d handshakes in the sample", senders)
		}
	})
}

// asHandshake adds the fields of an upgrade behind the first line.
func asHandshake(b []byte) []byte {
	end := bytes.IndexByte(b, '\n') + 1
	return bytes.Join([][]byte{b[:end], []byte(upgrade), b[end:]}, nil)
}

// put sends a message that may be incomplete, ends the direction and gives the answer, nil if there is none.
func (p *peer) put(message []byte) *answer {
	p.t.Helper()
	_ = p.tryWrite(message) // the gateway may have answered and gone
	if h, ok := p.conn.(interface{ CloseWrite() error }); ok {
		_ = h.CloseWrite()
	}
	a, err := p.tryAnswer()
	if err != nil {
		return nil
	}
	return a
}

// TestSlowHead: a head that does not arrive in time is answered 408, whether it never begins or stops anywhere in it.
func TestSlowHead(t *testing.T) {
	echoing(t, func(s *set, c *channel) {
		whole := s.dial(s.senderNode, "http")
		head := whole.head("/$hc/echo")
		begun := map[int]*peer{}
		for _, n := range []int{0, 1, 3, 20, len(head) - 1} {
			begun[n] = s.dial(s.senderNode, "http").write(head[:n])
		}
		for n, p := range begun {
			a := p.answer()
			m := reasonShape.FindStringSubmatch(a.Reason)
			if a.Status != 408 || m == nil || a.Fields.Get("Causeway-Error") != "SlowHead" {
				s.t.Errorf("%d bytes of a head were answered %d %q", n, a.Status, a.Reason)
			}
			p.ended()
		}
		s.await(map[string]string{"msg": "refused", "reason": "SlowHead", "door": "http"})
		if got := s.Metric(s.index(s.senderNode), "causeway_refused_total", `door="http",reason="SlowHead"`); got < 5 {
			s.t.Errorf("the metric counts %v", got)
		}
		c.undisturbed()
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Head = 400 * time.Millisecond }))
}

// TestLongHead: a head over 32 KiB is answered 431, in one field, in many, without an end; one just below is a sender.
func TestLongHead(t *testing.T) {
	echoing(t, func(s *set, c *channel) {
		filled := func(p *peer, size int) string {
			head := p.head("/$hc/echo", "X-Fill: ")
			return strings.Replace(head, "X-Fill: ", "X-Fill: "+strings.Repeat("f", size-len(head)), 1)
		}
		p := s.dial(s.senderNode, "http")
		p.write(filled(p, 32<<10))
		s.visit(c.offer().Accept.Address).upgraded("")
		p.upgraded("")
		many := strings.Repeat("X-Many: "+strings.Repeat("m", 300)+"\r\n", 120)
		for name, head := range map[string]string{
			"one byte too long": filled(p, 32<<10+1), "many fields": p.head("/$hc/echo", many+"X-Last: 1"),
			"no end":     "GET /$hc/echo HTTP/1.1\r\nX-Endless: " + strings.Repeat("e", 40<<10),
			"200 fields": p.head("/$hc/echo", strings.Repeat("a: b\r\n", 200)+"a: b"),
		} {
			p := s.dial(s.senderNode, "http")
			_ = p.tryWrite([]byte(head))
			a := p.answer()
			m := reasonShape.FindStringSubmatch(a.Reason)
			if a.Status != 431 || m == nil || a.Fields.Get("Causeway-Error") != "HeadTooLarge" {
				s.t.Errorf("%s: %d %q", name, a.Status, a.Reason)
			}
		}
		s.await(map[string]string{"msg": "refused", "reason": "HeadTooLarge", "door": "http"})
		c.undisturbed()
	})
}
