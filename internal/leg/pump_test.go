package leg_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// socketPair is two ends of a loopback connection: the peer's and the gateway's.
func socketPair(t testing.TB) (peer, ours net.Conn) {
	t.Helper()
	return netx.Loopback(t)
}

// tlsPair is socketPair past TLS.
func tlsPair(t testing.TB) (peer, ours net.Conn) {
	t.Helper()
	a, b := socketPair(t)
	return tlsOver(t, a, b)
}

// tlsOver does TLS over both ends of a connection.
func tlsOver(t testing.TB, a, b net.Conn) (peer, ours net.Conn) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	server := leg.Secure(b, tls.Server, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	client := tls.Client(a, &tls.Config{InsecureSkipVerify: true})
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return client, server
}

var pairs = []struct {
	name string
	make func(testing.TB) (net.Conn, net.Conn)
}{{"plain", socketPair}, {"tls", tlsPair}}

// joined is a stream between two peers over real sockets.
type joined struct {
	sender, listener net.Conn
	report           chan flow.Report
	cancel           context.CancelCauseFunc
}

func join(t testing.TB, pair func(testing.TB) (net.Conn, net.Conn), l flow.Limits) *joined {
	t.Helper()
	s, near := pair(t)
	r, far := pair(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	j := &joined{sender: s, listener: r, report: make(chan flow.Report, 1), cancel: cancel}
	a := leg.NewWS(near, nil, leg.Options{})
	b := leg.NewWS(far, nil, leg.Options{MaxPiece: 32 << 10})
	go func() { j.report <- flow.Join(ctx, a, b, l, new(flow.Live)) }()
	t.Cleanup(func() { cancel(nil) })
	deadline := time.Now().Add(20 * time.Second)
	for _, c := range []net.Conn{s, r} {
		if err := c.SetDeadline(deadline); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

func (j *joined) end(t *testing.T) flow.Report {
	t.Helper()
	select {
	case r := <-j.report:
		return r
	case <-time.After(20 * time.Second):
		t.Fatal("the stream did not end")
		return flow.Report{}
	}
}

// frame is a masked frame as a peer sends it.
func frame(op wsframe.Op, fin bool, payload []byte) []byte {
	h := wsframe.Header{Fin: fin, Op: op, Masked: true, Key: [4]byte{1, 2, 3, 4}}
	return wsframe.AppendFrame(nil, h, bytes.Clone(payload))
}

func closeFrame(code int, text string) []byte {
	return frame(wsframe.Close, true, wsframe.AppendClose(nil, code, text))
}

func send(t testing.TB, c net.Conn, b []byte) {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
}

// readFrame reads one unmasked frame as a peer gets it.
func readFrame(t testing.TB, c io.Reader) (wsframe.Header, []byte) {
	t.Helper()
	h, payload, err := tryFrame(c)
	if err != nil {
		t.Fatal(err)
	}
	return h, payload
}

func tryFrame(c io.Reader) (wsframe.Header, []byte, error) {
	var b []byte
	for {
		var one [1]byte
		if _, err := io.ReadFull(c, one[:]); err != nil {
			return wsframe.Header{}, nil, err
		}
		b = append(b, one[0])
		h, n, err := wsframe.Decode(b)
		if err != nil {
			return h, nil, err
		}
		if n == 0 {
			continue
		}
		payload := make([]byte, h.Len)
		_, err = io.ReadFull(c, payload)
		return h, payload, err
	}
}

// readMessage reads a whole message and checks that every frame is unmasked and within limit.
func readMessage(t testing.TB, c io.Reader, limit int64) (wsframe.Op, []byte) {
	t.Helper()
	var op wsframe.Op
	var all []byte
	for first := true; ; first = false {
		h, payload := readFrame(t, c)
		if h.Masked || h.Len > limit {
			t.Fatalf("frame %+v, at most %d bytes and no mask wanted", h, limit)
		}
		if first {
			op = h.Op
		} else if h.Op != wsframe.Cont {
			t.Fatalf("fragment has opcode %v", h.Op)
		}
		all = append(all, payload...)
		if h.Fin {
			return op, all
		}
	}
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	return b
}

// TestMessages: kinds and boundaries are kept, whatever the sizes and fragments, plain and TLS, both ways.
func TestMessages(t *testing.T) {
	sizes := []int{0, 1, 125, 126, 127, 2000, 2030, 2031, 32768, 32769, 65535, 65536, 70000, 1 << 20}
	for _, p := range pairs {
		t.Run(p.name, func(t *testing.T) {
			j := join(t, p.make, flow.Limits{})
			for _, n := range sizes {
				for _, op := range []wsframe.Op{wsframe.Text, wsframe.Binary} {
					want := pattern(n)
					sent := make(chan struct{})
					go func() { defer close(sent); _, _ = j.sender.Write(frame(op, true, want)) }()
					got, body := readMessage(t, j.listener, 32<<10)
					<-sent
					if got != op || !bytes.Equal(body, want) {
						t.Fatalf("%v of %d bytes arrived as %v of %d", op, n, got, len(body))
					}
					go func() { _, _ = j.listener.Write(frame(op, true, want)) }()
					if got, body = readMessage(t, j.sender, 1<<30); got != op || !bytes.Equal(body, want) {
						t.Fatalf("back: %v of %d bytes arrived as %v of %d", op, n, got, len(body))
					}
				}
			}
		})
	}
}

// TestFragmentsAndSmallFrames: empty fragments, pings between fragments and many tiny messages in one segment.
func TestFragmentsAndSmallFrames(t *testing.T) {
	j := join(t, socketPair, flow.Limits{})
	var b []byte
	b = append(b, frame(wsframe.Text, false, nil)...)
	b = append(b, frame(wsframe.Ping, true, []byte("here?"))...)
	b = append(b, frame(wsframe.Cont, false, []byte("he"))...)
	b = append(b, frame(wsframe.Cont, false, nil)...)
	b = append(b, frame(wsframe.Pong, true, nil)...)
	b = append(b, frame(wsframe.Cont, true, []byte("llo"))...)
	const many = 3000
	for i := range many {
		b = append(b, frame(wsframe.Binary, true, []byte{byte(i), byte(i >> 8)})...)
	}
	go func() { _, _ = j.sender.Write(b) }()
	if op, m := readMessage(t, j.listener, 32<<10); op != wsframe.Text || string(m) != "hello" {
		t.Fatalf("got %v %q", op, m)
	}
	for i := range many {
		if op, m := readMessage(t, j.listener, 32<<10); op != wsframe.Binary || !bytes.Equal(m, []byte{byte(i), byte(i >> 8)}) {
			t.Fatalf("message %d: %v %x", i, op, m)
		}
	}
	if h, body := readFrame(t, j.sender); h.Op != wsframe.Pong || string(body) != "here?" {
		t.Fatalf("ping answered by %+v %q", h, body)
	}
}

// TestEveryCut: the same bytes in pieces of every length give the same messages.
func TestEveryCut(t *testing.T) {
	whole := bytes.Join([][]byte{
		frame(wsframe.Text, false, []byte("ab")), frame(wsframe.Cont, true, pattern(300)), frame(wsframe.Binary, true, nil),
		frame(wsframe.Ping, true, []byte("p")), frame(wsframe.Binary, true, pattern(3)),
	}, nil)
	for cut := 1; cut < len(whole); cut += 7 {
		j := join(t, socketPair, flow.Limits{})
		for part := whole; len(part) > 0; {
			n := min(cut, len(part))
			send(t, j.sender, part[:n])
			part = part[n:]
		}
		for i, want := range [][]byte{append([]byte("ab"), pattern(300)...), {}, pattern(3)} {
			if _, m := readMessage(t, j.listener, 32<<10); !bytes.Equal(m, want) {
				t.Fatalf("cut %d, message %d: %d bytes, %d wanted", cut, i, len(m), len(want))
			}
		}
		j.cancel(nil)
		j.end(t)
	}
}

// TestCloseHandshake is rules 7 and 8 of the reference: the Close is forwarded with code and text, the other direction
// goes on, and TCP ends at once behind the second Close.
func TestCloseHandshake(t *testing.T) {
	for _, p := range pairs {
		t.Run(p.name, func(t *testing.T) {
			j := join(t, p.make, flow.Limits{})
			send(t, j.sender, closeFrame(4001, "bye"))
			expectClose(t, j.listener, 4001, "bye")
			send(t, j.listener, frame(wsframe.Text, true, []byte("after")))
			if _, m := readMessage(t, j.sender, 1<<20); string(m) != "after" {
				t.Fatalf("got %q behind the first Close", m)
			}
			send(t, j.listener, closeFrame(0, ""))
			second := time.Now()
			expectClose(t, j.sender, 0, "")
			for _, c := range []net.Conn{j.sender, j.listener} {
				if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, net.ErrClosed) {
					t.Fatalf("TCP goes on behind the second Close: %v", err)
				}
			}
			if took := time.Since(second); took > 100*time.Millisecond {
				t.Errorf("TCP ended %v after the second Close", took)
			}
			if r := j.end(t); r.Why != fail.PeerClosed || r.Out != 5 {
				t.Errorf("report %+v", r)
			}
		})
	}
}

func expectClose(t *testing.T, c net.Conn, code int, text string) {
	t.Helper()
	h, body := readFrame(t, c)
	gotCode, gotText, err := wsframe.DecodeClose(body)
	if h.Op != wsframe.Close || err != nil || gotCode != code || gotText != text {
		t.Fatalf("got %v %d %q (%v), Close %d %q wanted", h.Op, gotCode, gotText, err, code, text)
	}
}

// TestLossIsNoEnd: a connection that is lost without a Close is an error for the other peer.
func TestLossIsNoEnd(t *testing.T) {
	for name, lose := range map[string]func(net.Conn) error{
		"fin":   func(c net.Conn) error { return c.Close() },
		"reset": func(c net.Conn) error { return errors.Join(c.(*net.TCPConn).SetLinger(0), c.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			j := join(t, socketPair, flow.Limits{})
			send(t, j.sender, frame(wsframe.Binary, true, []byte("x")))
			readMessage(t, j.listener, 32<<10)
			if err := lose(j.listener); err != nil {
				t.Fatal(err)
			}
			if _, err := j.sender.Read(make([]byte, 16)); err == nil || errors.Is(err, io.EOF) {
				t.Fatalf("the sender read %v, a reset wanted", err)
			}
			if r := j.end(t); r.Why != fail.Aborted || r.From != flow.Back {
				t.Errorf("report %+v", r)
			}
		})
	}
}

// TestBreach: who breaks the protocol gets 1002 with the reason, the other side a loss.
func TestBreach(t *testing.T) {
	for name, bad := range map[string][]byte{
		"unmasked":    wsframe.AppendFrame(nil, wsframe.Header{Fin: true, Op: wsframe.Text}, []byte("x")),
		"reserved":    {0xC1, 0x80, 0, 0, 0, 0},
		"opcode":      {0x83, 0x80, 0, 0, 0, 0},
		"long ping":   frame(wsframe.Ping, true, pattern(126)),
		"split ping":  frame(wsframe.Ping, false, nil),
		"no start":    frame(wsframe.Cont, true, nil),
		"inside":      append(frame(wsframe.Text, false, []byte("a")), frame(wsframe.Text, true, nil)...),
		"close short": frame(wsframe.Close, true, []byte{3}),
	} {
		t.Run(name, func(t *testing.T) {
			j := join(t, socketPair, flow.Limits{})
			send(t, j.sender, bad)
			h, body := readFrame(t, j.sender)
			if code, text, err := wsframe.DecodeClose(body); h.Op != wsframe.Close || code != 1002 || text == "" || err != nil {
				t.Fatalf("got %v %d %q %v, Close 1002 wanted", h.Op, code, text, err)
			}
			for {
				if h, _, err := tryFrame(j.listener); err != nil {
					if errors.Is(err, io.EOF) {
						t.Fatal("the listener saw an end, a loss wanted")
					}
					break
				} else if h.Op == wsframe.Close {
					t.Fatal("the listener got a Close")
				}
			}
			if r := j.end(t); r.Why != fail.BadFrame || r.From != flow.Forth {
				t.Errorf("report %+v", r)
			}
		})
	}
}

// TestEndFromOutside: both peers are told the reason by a Close.
func TestEndFromOutside(t *testing.T) {
	j := join(t, socketPair, flow.Limits{})
	j.cancel(&shape.End{Why: fail.Draining, Code: 1001, Text: "going"})
	expectClose(t, j.sender, 1001, "going")
	expectClose(t, j.listener, 1001, "going")
	if r := j.end(t); r.Why != fail.Draining || !r.Outside {
		t.Errorf("report %+v", r)
	}
}

// TestQuietAfterFirstClose: the limit counts quiet, not time: data keeps the open direction.
func TestQuietAfterFirstClose(t *testing.T) {
	j := join(t, socketPair, flow.Limits{Quiet: 80 * time.Millisecond})
	send(t, j.sender, closeFrame(1000, "Shutdown"))
	expectClose(t, j.listener, 1000, "Shutdown")
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 20 { // longer than the limit in all
		<-tick.C
		send(t, j.listener, frame(wsframe.Binary, true, []byte("d")))
		if _, m := readMessage(t, j.sender, 1<<20); string(m) != "d" {
			t.Fatalf("got %q", m)
		}
	}
	if r := j.end(t); r.Why != fail.Idle {
		t.Errorf("report %+v", r)
	}
}
