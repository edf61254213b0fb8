package nettcp_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// TestSession: the preamble comes to the listener byte for byte, and so does everything behind it, both ways; the client uses
// its connection again, and the next session with the same Via stays with the listener's stream.
func TestSession(t *testing.T) {
	both(t, func(w *world) {
		calls := w.listen("calc")
		client := w.dial()
		w.send(client, w.preamble("calc/sub?x=1"))
		service := w.take(calls)
		for range 3 {
			w.expect(service, w.preamble("calc/sub?x=1"))
			w.say(service, client, ack)
			w.say(client, service, request)
			w.say(service, client, reply)
			w.say(client, service, theEnd)
			w.say(service, client, theEnd)
			w.send(client, w.preamble("calc/sub?x=1"))
		}
		w.expect(service, w.preamble("calc/sub?x=1"))
		if err := client.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if b, how := rest(service); len(b) != 0 || how != "closed" {
			t.Errorf("behind the client's end: %q, %s", b, how)
		}
		_ = service.Close()
		if b, how := rest(client); len(b) != 0 || how != "closed" {
			t.Errorf("behind the service's end: %q, %s", b, how)
		}
		w.reason("closed", "PeerClosed")
	})
}

// TestAnyCut: a preamble that comes byte by byte, and a client that does not wait for the acknowledgement.
func TestAnyCut(t *testing.T) {
	w := newWorld(t, 1)
	calls := w.listen("calc")
	all := slices.Concat(w.preamble("calc"), request, theEnd, w.preamble("calc"), request)
	client := w.dial()
	go func() {
		for i := range all {
			if _, err := client.Write(all[i : i+1]); err != nil {
				return
			}
		}
	}()
	w.expect(w.take(calls), all)
	client = w.dial()
	w.send(client, all)
	w.expect(w.take(calls), all)
}

// TestOtherService: WCF's clients pool by host and port, so a connection that is used again may be for another service.
func TestOtherService(t *testing.T) {
	bubbles(t, func(w *world) {
		calc, other := w.listen("calc"), w.listen("other")
		client := w.dial()
		for round := range 3 {
			path, calls := "calc", calc
			if round%2 == 1 {
				path, calls = "other", other
			}
			w.send(client, w.preamble(path))
			service := w.take(calls)
			w.expect(service, w.preamble(path))
			w.say(service, client, ack)
			w.say(client, service, request)
			w.say(service, client, reply)
			w.say(client, service, theEnd)
			w.say(service, client, theEnd)
			if round == 2 {
				return
			}
			go func() { // the service of a session that is over sees its end when the next one begins
				if b, how := rest(service); len(b) != 0 || how != "closed" {
					w.t.Errorf("the first service: %q, %s", b, how)
				}
				_ = service.Close()
			}()
		}
	})
}

// TestListenerEndsFirst: the service closes its connection behind its End, as some do: so does the gateway.
func TestListenerEndsFirst(t *testing.T) {
	bubbles(t, func(w *world) {
		calls := w.listen("calc")
		client := w.dial()
		w.send(client, w.preamble("calc"))
		service := w.take(calls)
		w.expect(service, w.preamble("calc"))
		w.send(service, slices.Concat(ack, theEnd))
		_ = service.Close()
		if b, how := rest(client); !bytes.Equal(b, slices.Concat(ack, theEnd)) || how != "closed" {
			w.t.Errorf("the client saw %q, %s", b, how)
		}
		w.send(client, theEnd)
	})
}

// TestFaultPasses: what the service says instead of the acknowledgement is the client's to hear, as the field case of an
// encoding that the endpoint does not speak wants it.
func TestFaultPasses(t *testing.T) {
	bubble(t, 1, func(w *world) {
		calls := w.listen("calc")
		fault := framing.AppendFault(nil, framing.ContentTypeInvalid)
		gzip := append(framing.AppendText(nil, framing.ExtensibleEncoding, "application/soap+msbinsession1+gzip"), byte(framing.PreambleEnd))
		for _, tail := range [][]byte{gzip, unhex(w.t, "03ee0c"), unhex(w.t, "03000c")} {
			begin := time.Now()
			client := w.dial()
			sent := slices.Concat(unhex(w.t, "0001000102"), framing.AppendText(nil, framing.Via, w.via("calc")), tail)
			w.send(client, sent)
			service := w.take(calls)
			w.expect(service, sent)
			w.send(service, fault)
			_ = service.Close()
			if b, how := rest(client); !bytes.Equal(b, fault) || how != "closed" {
				w.t.Errorf("%x: the client saw %q, %s", tail, b, how)
			}
			if took := time.Since(begin); took > patience/2 {
				w.t.Errorf("%x: after %v", tail, took)
			}
		}
	})
}

// TestPieces is the field case of a streamed request whose chunks fall anywhere; a second request follows on the connection.
func TestPieces(t *testing.T) {
	both(t, func(w *world) {
		calls := w.listen("calc")
		preamble := (&framing.Preamble{Mode: framing.SingletonUnsized, Via: w.via("calc"), Encoding: framing.Binary}).Append(nil)
		pieces := [][]byte{
			preamble, unhex(t, "050756020b0173040b"), unhex(t, "81"), unhex(t, "0001"), unhex(t, "1561065608440a1e0082990575726e3a6501560e0101"), {0}, theEnd,
		}
		client := w.dial()
		var service net.Conn
		for round := range 2 {
			w.send(client, pieces[0])
			if round == 0 {
				service = w.take(calls)
			}
			w.expect(service, pieces[0])
			for _, p := range pieces[1:] {
				w.say(client, service, p) // each arrives by itself, and before the next is sent
			}
			w.say(service, client, slices.Concat(ack, unhex(t, "050161 00"), theEnd))
		}
	})
}

// TestToken: a Via can hold a token, which the listener does not see.
func TestToken(t *testing.T) {
	w := newWorld(t, 1)
	w.Add(&entity.Entity{Name: "closed"})
	calls := w.listen("closed")
	token := w.Token(w.Root(), "http://localhost/closed", time.Now().Add(time.Hour))
	p := framing.Preamble{Mode: framing.Duplex, Via: w.via("closed/a?x=1&sb-hc-token=" + url.QueryEscape(token) + "&y=2"), Encoding: framing.BinarySession}
	q := p
	q.Via = w.via("closed/a?x=1&y=2")
	client := w.dial()
	w.send(client, p.Append(nil))
	service := w.take(calls)
	w.expect(service, q.Append(nil))
	w.say(client, service, slices.Concat(request, theEnd))
	w.send(client, slices.Concat(p.Append(nil), request)) // on the connection that is used again neither
	w.expect(service, slices.Concat(q.Append(nil), request))
}

// TestSticky: senders of one address keep to one of several listeners where the entity says so, and are spread where not.
func TestSticky(t *testing.T) {
	both(t, func(w *world) {
		w.open("sticky", func(e *entity.Entity) { e.Settings.Sticky = true })
		for _, name := range []string{"sticky", "calc"} {
			a, b := w.listen(name), w.listen(name)
			counts := [2]int{}
			for range 24 {
				client := w.dial()
				w.send(client, w.preamble(name))
				var service net.Conn
				select {
				case service = <-a:
					counts[0]++
				case service = <-b:
					counts[1]++
				case <-time.After(patience):
					t.Fatal("no stream came")
				}
				w.expect(service, w.preamble(name))
				_ = client.Close()
				abort(service)
			}
			if one := counts[0] == 0 || counts[1] == 0; one != (name == "sticky") { // chance fails this once in 2^23
				t.Errorf("%s: %v", name, counts)
			}
		}
	})
}

// TestUpgradePasses: the upgrade and all behind it go to the listener as they come. Behind the session's end the connection is
// used again, for another service.
func TestUpgradePasses(t *testing.T) {
	hello := slices.Concat(unhex(t, "1603010004"), []byte("\x00\x01\x00\x01"))
	data := slices.Concat(unhex(t, "1703030004"), []byte("\x00\x01\x00\x01"))
	seal := slices.Concat(unhex(t, "1601000003"), []byte("tok"), unhex(t, "1401000000"), unhex(t, "04000000"), []byte("\x00\x01\x00\x01"))
	for name, inside := range map[string][]byte{framing.UpgradeTLS: slices.Concat(hello, data), framing.UpgradeNegotiate: seal} {
		t.Run(name, func(t *testing.T) {
			both(t, func(w *world) {
				calc, other := w.listen("calc"), w.listen("other")
				p := framing.Preamble{Mode: framing.Duplex, Via: w.via("calc"), Encoding: framing.BinarySession, Upgrade: name}
				client := w.dial()
				w.send(client, p.Append(nil))
				service := w.take(calc)
				w.expect(service, p.Append(nil))
				w.say(service, client, []byte{byte(framing.UpgradeResponse)})
				w.say(client, service, inside)
				w.say(service, client, inside)
				w.say(client, service, p.Append(nil)) // the same again
				w.say(client, service, inside)
				go func() { _, _ = rest(service); _ = service.Close() }()
				w.send(client, w.preamble("other"))
				w.expect(w.take(other), w.preamble("other"))
			})
		})
	}
}

// TestTerminate: TLS ends at the gateway where the entity wants it so; the listener hears nothing of it. The client names no
// server, speaks TLS 1.2, and goes on in the clear behind the ends, for the next session with an upgrade of its own.
func TestTerminate(t *testing.T) {
	both(t, func(w *world) {
		w.open("secure", func(e *entity.Entity) { e.Settings.EndTLS = true })
		secure, calc := w.listen("secure"), w.listen("calc")
		client := w.dial()
		p := framing.Preamble{Mode: framing.Duplex, Via: w.via("secure"), Encoding: framing.BinarySession, Upgrade: framing.UpgradeTLS}
		for range 2 {
			w.send(client, p.Append(nil))
			w.expect(client, []byte{byte(framing.UpgradeResponse)})
			inside := tls.Client(client, &tls.Config{RootCAs: w.TLS().RootCAs, InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}) // no name: .NET offers none
			if err := inside.Handshake(); err != nil {
				t.Fatal(err)
			}
			if err := inside.ConnectionState().PeerCertificates[0].VerifyHostname("localhost"); err != nil {
				t.Error(err)
			}
			w.send(inside, []byte{byte(framing.PreambleEnd)})
			service := w.take(secure)
			w.expect(service, w.preamble("secure"))
			w.say(service, inside, ack)
			w.say(inside, service, bytes.Repeat(request, 5000))
			w.say(service, inside, bytes.Repeat(reply, 5000))
			w.say(inside, service, theEnd)
			w.say(service, inside, theEnd)
			go func() {
				if b, how := rest(service); len(b) != 0 || how != "closed" {
					t.Errorf("behind the end: %q, %s", b, how)
				}
				_ = service.Close()
			}()
		}
		w.send(client, w.preamble("calc")) // and in the clear for a service that wants it so
		w.expect(w.take(calc), w.preamble("calc"))
	})
}

// TestAbort: a client that is lost takes its stream with it, and so does a listener.
func TestAbort(t *testing.T) {
	both(t, func(w *world) {
		calls := w.listen("calc")
		for _, end := range []string{"client", "listener"} {
			client := w.dial()
			w.send(client, w.preamble("calc"))
			service := w.take(calls)
			w.expect(service, w.preamble("calc"))
			w.say(service, client, ack)
			if end == "client" {
				_ = client.SetLinger(0)
				_ = client.Close()
				if _, how := rest(service); how == "closed" || how == "still open" {
					t.Errorf("the listener saw %s", how)
				}
				continue
			}
			abort(service)
			if _, how := rest(client); how != "reset" {
				t.Errorf("the client saw %s", how)
			}
		}
		w.reason("closed", "Aborted")
	})
}

// TestBreaksOff: a client that ends its connection within its session has broken it off. The service is told at once by the end of the
// connection, with all that was sent before; where it goes on all the same, as one that hangs in a call, the stream is cut a moment later.
func TestBreaksOff(t *testing.T) {
	bubbles(t, func(w *world) {
		calls := w.listen("calc")
		client := w.dial()
		w.send(client, w.preamble("calc"))
		service := w.take(calls)
		w.expect(service, w.preamble("calc"))
		w.say(service, client, ack)
		w.send(client, request)
		_ = client.Close()
		if b, how := rest(service); !bytes.Equal(b, request) || how != "closed" {
			w.t.Errorf("the service heard %q, %s", b, how)
		}
		w.reason("closed", "Aborted") // it says nothing, and is not asked
		if !strings.Contains(w.Log(), "the client left within its session") {
			w.t.Error("the account does not say why")
		}
		abort(service)
	})
}

// TestMany: sessions at the same time do not touch each other.
func TestMany(t *testing.T) {
	w := newWorld(t, 2)
	calls := w.listen("calc")
	const sessions = 50
	done := make(chan error, sessions)
	for i := range sessions {
		client := w.dial()
		w.send(client, w.preamble("calc"))
		service := w.take(calls)
		go func() { done <- session(client, service, w.preamble("calc"), i) }()
	}
	for range sessions {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// session exchanges messages of its own.
func session(client, service net.Conn, preamble []byte, i int) error {
	got := make([]byte, len(preamble))
	if _, err := service.Read(got); err != nil {
		return err
	}
	for n := range 20 {
		m := framing.AppendSized(nil, bytes.Repeat([]byte{byte(i)}, 1+n*50))
		for _, way := range [][2]net.Conn{{client, service}, {service, client}} {
			if _, err := way[0].Write(m); err != nil {
				return err
			}
			got := make([]byte, len(m))
			for read := 0; read < len(got); {
				k, err := way[1].Read(got[read:])
				if err != nil {
					return err
				}
				read += k
			}
			if !bytes.Equal(got, m) {
				return fmt.Errorf("session %d got what is not its own", i)
			}
		}
	}
	return nil
}

// quick has a node wait for little.
func quick(_ int, c *config.Config) { c.Timeouts.Preamble = 300 * time.Millisecond }

// TestQuiet: a session without a byte is ended where the operator says so, visibly at both ends; one that says something is not.
func TestQuiet(t *testing.T) {
	const most = 400 * time.Millisecond
	bubble(t, 1, func(w *world) {
		calls := w.listen("calc")
		client := w.dial()
		w.send(client, w.preamble("calc"))
		service := w.take(calls)
		w.expect(service, w.preamble("calc"))
		begin := time.Now()
		beat := time.NewTicker(most / 8)
		defer beat.Stop()
		for time.Since(begin) < 2*most { // either side keeps it alive
			<-beat.C
			w.say(service, client, reply)
		}
		begin = time.Now()
		if _, how := rest(client); how != "reset" {
			w.t.Errorf("the client saw %s", how)
		}
		if took := time.Since(begin); took < most/2 {
			w.t.Errorf("ended after %v", took)
		}
		if _, how := rest(service); how == "still open" || how == "closed" {
			w.t.Errorf("the service saw %s", how)
		}
		w.reason("closed", "Idle")
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Session = most }))
}

// TestSlowPreamble: half a preamble is waited for so long and no longer, the first and the next one alike.
func TestSlowPreamble(t *testing.T) {
	bubble(t, 1, func(w *world) {
		calls := w.listen("calc")
		client := w.dial()
		w.send(client, unhex(w.t, "00010001"))
		if b, how := rest(client); len(b) != 0 || how != "closed" {
			w.t.Errorf("half a preamble: %q, %s", b, how)
		}
		w.reason("refused", "SlowHead")
		client = w.dial()
		w.send(client, slices.Concat(w.preamble("calc"), theEnd, unhex(w.t, "00010001")))
		service := w.take(calls)
		w.expect(service, slices.Concat(w.preamble("calc"), theEnd))
		if _, how := rest(client); how != "reset" {
			w.t.Errorf("half of the next preamble: %s", how)
		}
		if _, how := rest(service); how == "still open" || how == "closed" {
			w.t.Errorf("the service saw %s", how)
		}
		w.reason("closed", "SlowHead")
		if len(calls) != 0 {
			w.t.Error("the half preamble reached the listener")
		}
	}, testcluster.WithConfig(quick))
}
