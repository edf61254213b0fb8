package nettcp_test

import (
	"bytes"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// changed is the preamble with parts replaced.
func (w *world) changed(p framing.Preamble) []byte {
	if p.Mode == 0 {
		p.Mode = framing.Duplex
	}
	if p.Via == "" {
		p.Via = w.via("calc")
	}
	if p.Encoding == 0 && p.ContentType == "" {
		p.Encoding = framing.BinarySession
	}
	return p.Append(nil)
}

// TestRefused: what is wrong and the fault that the client is told, in the place of the acknowledgement or of the upgrade's
// answer; "" closes. No listener hears of any.
func TestRefused(t *testing.T) {
	long := strings.Repeat("x", 3000)
	rows := []struct {
		name   string
		sent   func(w *world) []byte
		fault  framing.Fault
		reason string
	}{
		{"nobody listens", func(w *world) []byte { return w.preamble("other") }, framing.EndpointNotFound, "NoListener"},
		{"no such entity", func(w *world) []byte { return w.preamble("nowhere") }, framing.EndpointNotFound, "UnknownEntity"},
		{"no path", func(w *world) []byte { return w.preamble("") }, framing.EndpointNotFound, "UnknownEntity"},
		{"no right", func(w *world) []byte { return w.preamble("token") }, framing.EndpointAccessDenied, "MissingToken"},
		{"a bad token", func(w *world) []byte { return w.preamble("token?SB-HC-TOKEN=x") }, framing.EndpointAccessDenied, "MalformedToken"},
		{"a token with a bad escape", func(w *world) []byte { return w.preamble("token?sb-hc-token=%zz") }, framing.EndpointAccessDenied, "MalformedToken"},
		{"a token for another address", func(w *world) []byte {
			return w.preamble("token?sb-hc-token=" + url.QueryEscape(w.Token(w.Root(), "http://localhost/calc", time.Now().Add(time.Hour))))
		}, framing.EndpointAccessDenied, "InvalidAudience"},
		{"a token that lasts no more", func(w *world) []byte {
			return w.preamble("token?sb-hc-token=" + url.QueryEscape(w.Token(w.Root(), "http://localhost/token", time.Now().Add(-time.Hour))))
		}, framing.EndpointAccessDenied, "ExpiredToken"},
		{"an address that is kept out", func(w *world) []byte { return w.preamble("walled") }, framing.EndpointAccessDenied, "AddressBlocked"},
		{"another scheme", func(w *world) []byte { return w.changed(framing.Preamble{Via: "sb://localhost/calc"}) }, framing.EndpointNotFound, "UnknownEntity"},
		{"a Via that is none", func(w *world) []byte { return w.changed(framing.Preamble{Via: "net.tcp://[::1/calc"}) }, "", "BadRequest"},
		{"a path that climbs", func(w *world) []byte { return w.preamble("../calc") }, "", "BadRequest"},
		{"a Via too long", func(w *world) []byte { return w.preamble(long) }, framing.ViaTooLong, "HeadTooLarge"},
		{"a content type too long", func(w *world) []byte { return w.changed(framing.Preamble{ContentType: long}) }, framing.ContentTypeTooLong, "HeadTooLarge"},
		{"an upgrade too long", func(w *world) []byte { return w.changed(framing.Preamble{Upgrade: long}) }, framing.ContentTypeTooLong, "HeadTooLarge"},
		{"a mode that does not exist", func(*world) []byte { return unhex(t, "0001000109") }, framing.UnsupportedMode, "BadRequest"},
		{"mode 3", func(w *world) []byte { return w.changed(framing.Preamble{Mode: framing.Simplex}) }, "", "BadRequest"},
		{"mode 4", func(w *world) []byte { return w.changed(framing.Preamble{Mode: framing.SingletonSized}) }, "", "BadRequest"},
		{"version 2", func(*world) []byte { return unhex(t, "000200") }, framing.UnsupportedVersion, "BadRequest"},
		{"a message before the preamble's end", func(w *world) []byte { return append(w.preamble("calc")[:len(w.preamble("calc"))-1], request...) }, "", "BadRequest"},
		{"records in another order", func(*world) []byte { return unhex(t, "0001000308") }, "", "BadRequest"},
		{"a record that does not exist", func(*world) []byte { return []byte{0x55} }, "", "BadRequest"},
		{"HTTP", func(*world) []byte { return []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n") }, "", "BadRequest"},
		{"TLS", func(*world) []byte { return unhex(t, "1603010200010001fc0303") }, "", "BadRequest"},
		{"in the clear where TLS ends here", func(w *world) []byte { return w.preamble("secure") }, framing.UpgradeInvalid, "UpgradeRequired"},
		{"Windows security where TLS ends here", func(w *world) []byte {
			return w.changed(framing.Preamble{Via: w.via("secure"), Upgrade: framing.UpgradeNegotiate})
		}, framing.UpgradeInvalid, "UpgradeRequired"},
		{"garbage behind the end", nil, "", "BadRequest"},
	}
	w := newWorld(t, 1)
	w.Add(&entity.Entity{Name: "token"})
	w.open("walled", func(e *entity.Entity) {
		e.Settings.Allow = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	})
	w.open("secure", func(e *entity.Entity) { e.Settings.EndTLS = true })
	calls := w.listen("calc")
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := *w
			w.t = t
			client := w.dial()
			if row.sent == nil {
				w.send(client, slices.Concat(w.preamble("calc"), theEnd, []byte{0x55}))
				service := w.take(calls)
				w.expect(service, slices.Concat(w.preamble("calc"), theEnd))
				go func() { _, _ = rest(service); _ = service.Close() }()
			} else {
				w.send(client, row.sent(&w))
			}
			var want []byte
			if row.fault != "" {
				want = framing.AppendFault(nil, row.fault)
			}
			// A peer that sent more than was read is reset; what it was told comes first all the same.
			if b, how := rest(client); !bytes.Equal(b, want) || how != "closed" && row.fault != "" || how == "still open" {
				t.Errorf("told %q, %s; want %q", b, how, want)
			}
			w.reason("refused", row.reason)
		})
	}
	if len(calls) != 0 {
		t.Error("a listener heard of it")
	}
}

// TestTruncated: a client that leaves within its preamble is nobody's, wherever that is; one that said nothing leaves no trace.
func TestTruncated(t *testing.T) {
	w := newWorld(t, 1)
	calls := w.listen("calc")
	whole := w.changed(framing.Preamble{Upgrade: framing.UpgradeTLS})
	for at := range whole {
		client := w.dial()
		w.send(client, whole[:at])
		_ = client.CloseWrite()
		if b, how := rest(client); len(b) != 0 || how != "closed" {
			t.Fatalf("cut at %d: %q, %s", at, b, how)
		}
		if at == 0 && strings.Contains(w.Log(), "SenderGone") {
			t.Error("a connection that said nothing is on the log")
		}
	}
	w.reason("refused", "SenderGone")
	if len(calls) != 0 {
		t.Error("a listener heard of it")
	}
}

// TestLeaves: a client that leaves while its listener is asked is noticed.
func TestLeaves(t *testing.T) {
	w := newWorld(t, 1)
	asked, answer := make(chan struct{}), make(chan struct{})
	w.listen("calc", hook(func() error { close(asked); <-answer; return nil }))
	client := w.dial()
	w.send(client, w.preamble("calc"))
	<-asked
	_ = client.Close()
	w.reason("refused", "SenderGone")
	close(answer)
}

// TestRejected: a listener that says no is one that is not there for now.
func TestRejected(t *testing.T) {
	both(t, func(w *world) {
		w.listen("calc", hook(func() error { return hybrid.Reject(http.StatusBadGateway, "no") }))
		client := w.dial()
		w.send(client, w.preamble("calc"))
		if b, how := rest(client); !bytes.Equal(b, framing.AppendFault(nil, framing.EndpointUnavailable)) || how != "closed" {
			t.Errorf("told %q, %s", b, how)
		}
		w.reason("refused", "Rejected")
	})
}

// TestDeaf: nobody comes in time.
func TestDeaf(t *testing.T) {
	w := newWorld(t, 1, testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Accept = 300 * time.Millisecond }))
	stay := make(chan struct{})
	w.listen("calc", hook(func() error { <-stay; return nil }))
	client := w.dial()
	w.send(client, w.preamble("calc"))
	if b, how := rest(client); !bytes.Equal(b, framing.AppendFault(nil, framing.EndpointUnavailable)) || how != "closed" {
		t.Errorf("told %q, %s", b, how)
	}
	w.reason("refused", "AcceptTimeout")
	close(stay)
}

// TestHandshakeFails: TLS that comes to nothing at the gateway.
func TestHandshakeFails(t *testing.T) {
	w := newWorld(t, 1, testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Preamble = 2 * time.Second }))
	w.open("secure", func(e *entity.Entity) { e.Settings.EndTLS = true })
	calls := w.listen("secure")
	upgrade := w.changed(framing.Preamble{Via: w.via("secure"), Upgrade: framing.UpgradeTLS})
	answered := func() socket {
		client := w.dial()
		w.send(client, upgrade)
		w.expect(client, []byte{byte(framing.UpgradeResponse)})
		return client
	}
	client := answered()
	if tls.Client(client, &tls.Config{ServerName: "localhost"}).Handshake() == nil { // it trusts the system's roots only
		t.Error("an unknown certificate is trusted")
	}
	w.reason("refused", "BadRequest")
	client = answered()
	if _, how := rest(client); how == "still open" {
		t.Error("a client that says nothing is waited for")
	}
	w.reason("refused", "SlowHead")
	client = answered()
	_ = client.Close()
	w.reason("refused", "SenderGone")
	for _, first := range [][]byte{{byte(framing.SizedEnvelope)}, framing.AppendText(nil, framing.UpgradeRequest, framing.UpgradeTLS)} {
		client = answered()
		inside := tls.Client(client, w.TLS())
		if err := inside.Handshake(); err != nil {
			t.Fatal(err)
		}
		w.send(inside, first)
		want := []byte(nil)
		if first[0] == byte(framing.UpgradeRequest) {
			want = framing.AppendFault(nil, framing.UpgradeInvalid)
		}
		got := make([]byte, 200)
		n, err := inside.Read(got)
		if !bytes.Equal(got[:n], want) || err == nil && want == nil {
			t.Errorf("told %q and %v, want %q", got[:n], err, want)
		}
	}
	w.reason("refused", "UpgradeRequired")
	if len(calls) != 0 {
		t.Error("a listener heard of it")
	}
}

// TestCrowd: thousands of half preambles cost little and are let go.
func TestCrowd(t *testing.T) {
	if testing.Short() {
		t.Skip("opens thousands of sockets")
	}
	const crowd = 1500
	w := newWorld(t, 1, testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Preamble = 5 * time.Second }))
	before := inUse()
	conns := make([]net.Conn, crowd)
	for i := range conns {
		conns[i] = w.dial()
		w.send(conns[i], unhex(t, "00010001"))
	}
	if each := (inUse() - before) / crowd; each > 10<<10 { // both ends are in this process: 100 MB for ten thousand
		t.Errorf("%d bytes a half preamble", each)
	}
	for _, c := range conns {
		if b, how := rest(c); len(b) != 0 || how != "closed" {
			t.Fatalf("%q, %s", b, how)
		}
	}
}

func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// TestDrain: a door that is told to stop lets sessions end, and then takes nobody.
func TestDrain(t *testing.T) {
	w := newWorld(t, 1)
	calls := w.listen("calc")
	client := w.dial()
	w.send(client, w.preamble("calc"))
	service := w.take(calls)
	w.expect(service, w.preamble("calc"))
	drained := make(chan error, 1)
	go func() { drained <- w.Node(0).Shutdown(t.Context()) }()
	w.Await(t.Context(), "the listener's end", func(l map[string]string) bool { return l["msg"] == "closed" && l["reason"] == "Draining" })
	w.say(client, service, request)
	w.say(service, client, reply)
	_ = client.Close()
	_ = service.Close()
	if err := <-drained; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", client.RemoteAddr().String()); err == nil {
		t.Error("the door is open still")
	}
}
