package framed

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/bindings/framing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	via  = "net.tcp://relay/desk"
	most = 1 << 10
)

// serve runs a service on one end of a pipe and gives the other, and what Serve returned.
func serve(t *testing.T, open Opener) (client net.Conn, ended <-chan error) {
	t.Helper()
	client, server := net.Pipe()
	out := make(chan error, 1)
	go func() {
		defer server.Close()
		out <- Serve(t.Context(), server, most, open)
	}()
	t.Cleanup(func() { _ = client.Close() })
	return client, out
}

// at is a dialer that has made its connection.
func at(conn net.Conn) Dialer {
	return func(context.Context) (net.Conn, error) { return conn, nil }
}

// upper answers in capitals, "quiet" with nothing, "bad" with a fault.
func upper(gotVia, kind string) (Handler, error) {
	if gotVia != via {
		return nil, &framing.Error{Fault: framing.EndpointNotFound, Text: "not here"}
	}
	return func(_ context.Context, envelope []byte) ([]byte, error) {
		switch string(envelope) {
		case "quiet":
			return nil, nil
		case "bad":
			return nil, &framing.Error{Fault: framing.EndpointUnavailable, Text: "gone"}
		case "kind":
			return []byte(kind), nil
		}
		return bytes.ToUpper(envelope), nil
	}, nil
}

// TestCallAtServe: the two ends understand each other, one-way and two-way, and tell what is wrong.
func TestCallAtServe(t *testing.T) {
	for name, c := range map[string]struct {
		via, envelope string
		oneWay        bool
		want          string
		fault         framing.Fault
		text          string // of another error
	}{
		"answer":       {via: via, envelope: "echo", want: "ECHO"},
		"encoding":     {via: via, envelope: "kind", want: framing.BinarySession.ContentType()},
		"one-way":      {via: via, envelope: "quiet", oneWay: true},
		"elsewhere":    {via: via + "2", envelope: "echo", fault: framing.EndpointNotFound},
		"broken off":   {via: via, envelope: "bad", fault: framing.EndpointUnavailable},
		"too large":    {via: via, envelope: strings.Repeat("a", most+1), fault: framing.MaxMessageSizeExceeded},
		"just so":      {via: via, envelope: strings.Repeat("a", most), want: strings.Repeat("A", most)},
		"empty answer": {via: via, envelope: "", want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			conn, ended := serve(t, upper)
			got, err := Call(t.Context(), at(conn), c.via, []byte(c.envelope), c.oneWay, 2*most)
			_ = conn.Close()
			if string(got) != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			no, isFault := errors.AsType[*FaultError](err)
			if c.fault == "" && err != nil || c.fault != "" && (!isFault || no.Fault != c.fault) {
				t.Errorf("got %v, want fault %q", err, c.fault)
			}
			if err := <-ended; (err == nil) != (c.fault == "") {
				t.Errorf("the service ended with %v", err)
			}
		})
	}
}

// peer plays a service that answers the client's first words with a piece each, and then hangs up.
func peer(t *testing.T, pieces ...[]byte) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer server.Close()
		_ = server.SetDeadline(time.Now().Add(30 * time.Second))
		buf := make([]byte, 4096)
		for _, piece := range pieces {
			if _, err := server.Read(buf); err != nil {
				return
			}
			_, _ = server.Write(piece)
		}
	}()
	t.Cleanup(func() { _ = client.Close(); <-done })
	return client
}

// TestCallAtOthers: what a service does instead of answering is told in words that say what to do.
func TestCallAtOthers(t *testing.T) {
	ack := []byte{byte(framing.PreambleAck)}
	for name, c := range map[string]struct {
		pieces [][]byte
		want   string
	}{
		"hangs up at once":     {[][]byte{nil}, "security mode None"},
		"speaks HTTP":          {[][]byte{[]byte("HTTP/1.1 400 Bad Request\r\n\r\n")}, ""},
		"ends without answer":  {[][]byte{ack, {byte(framing.End)}}, "without an answer"},
		"hangs up behind":      {[][]byte{ack, nil}, "without an answer"},
		"answers too much":     {[][]byte{ack, framing.AppendSized(nil, make([]byte, most+1))}, "longer than allowed"},
		"faults":               {[][]byte{framing.AppendFault(nil, framing.ServerTooBusy)}, "ServerTooBusy"},
		"acknowledges again":   {[][]byte{ack, ack}, "in the place of a message"},
		"says another instead": {[][]byte{{byte(framing.End)}}, "does not speak net.tcp"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Call(t.Context(), at(peer(t, c.pieces...)), via, []byte("echo"), false, most)
			if err == nil {
				t.Fatal("taken")
			}
			if bad, ok := errors.AsType[*framing.Error](err); ok && string(bad.Fault) == c.want {
				return
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	if _, err := Call(ctx, at(peer(t, ack)), via, []byte("echo"), false, most); err == nil || err.Error() != "enough" {
		t.Errorf("a call that nobody wants ended with %v", err)
	}
}

// session is the bytes of a client's session.
func session(mode framing.Mode, address string, records ...[]byte) []byte {
	p := framing.Preamble{Mode: mode, Via: address, Encoding: framing.BinarySession}
	return append(p.Append(nil), slices.Concat(records...)...)
}

// TestServeSessions: sessions follow one another on a connection, cut anywhere, and answers come in the order of the messages.
func TestServeSessions(t *testing.T) {
	sized := func(s string) []byte { return framing.AppendSized(nil, []byte(s)) }
	end := []byte{byte(framing.End)}
	sent := slices.Concat(session(framing.Duplex, via, sized("a"), sized("quiet"), sized("b"), end), session(framing.Duplex, via, sized("c"), end))
	ack := []byte{byte(framing.PreambleAck)}
	want := slices.Concat(ack, sized("A"), sized("B"), end, ack, sized("C"), end)
	for _, step := range []int{1, 7, len(sent)} {
		conn, ended := serve(t, upper)
		wrote := make(chan struct{})
		go func() {
			defer close(wrote)
			for part := range slices.Chunk(sent, step) {
				if _, err := conn.Write(part); err != nil {
					return
				}
			}
		}()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("in pieces of %d: %q, %v; want %q", step, got, err, want)
		}
		<-wrote
		_ = conn.Close()
		if err := <-ended; err != nil {
			t.Errorf("in pieces of %d: %v", step, err)
		}
	}
}

// TestServeRefuses: what a session cannot be is a fault of the framing.
func TestServeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		sent []byte
		want framing.Fault
	}{
		"one direction": {session(framing.Simplex, via), framing.UnsupportedMode},
		"security":      {append([]byte{0, 1, 0, 1, 2}, append(framing.AppendText(framing.AppendText(nil, framing.Via, via), framing.UpgradeRequest, framing.UpgradeTLS), 12)...), framing.UpgradeInvalid},
		"another place": {session(framing.Duplex, "net.tcp://relay/other"), framing.EndpointNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			conn, ended := serve(t, upper)
			wrote := make(chan struct{})
			go func() { defer close(wrote); _, _ = conn.Write(c.sent) }()
			want := framing.AppendFault(nil, c.want)
			got := make([]byte, len(want))
			_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
			if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%q, %v; want %q", got, err, want)
			}
			_ = conn.Close()
			<-wrote
			if err := <-ended; framing.FaultOf(err) != c.want {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

// still is a connection that reads what is given and keeps nothing.
type still struct {
	net.Conn
	*bytes.Reader
}

func (s still) Read(b []byte) (int, error)     { return s.Reader.Read(b) }
func (still) Write(b []byte) (int, error)      { return len(b), nil }
func (still) SetDeadline(time.Time) error      { return nil }
func (still) SetReadDeadline(time.Time) error  { return nil }
func (still) SetWriteDeadline(time.Time) error { return nil }
func (still) Close() error                     { return nil }

// FuzzRead: no bytes of a peer, at either end, make an envelope larger than the limit or the session run on behind the end of its bytes.
func FuzzRead(f *testing.F) {
	f.Add(session(framing.Duplex, via, framing.AppendSized(nil, []byte("a")), []byte{byte(framing.End)}))
	f.Add(session(framing.SingletonUnsized, via, append(framing.AppendChunk([]byte{byte(framing.UnsizedEnvelope)}, []byte("ab")), 0)))
	f.Add(append([]byte{byte(framing.PreambleAck)}, framing.AppendSized(nil, []byte("answer"))...))
	f.Add(framing.AppendFault(nil, framing.ServerTooBusy))
	f.Fuzz(func(t *testing.T, sent []byte) {
		_ = Serve(t.Context(), still{Reader: bytes.NewReader(sent)}, most, func(string, string) (Handler, error) {
			return func(_ context.Context, envelope []byte) ([]byte, error) {
				if len(envelope) > most {
					t.Errorf("an envelope of %d bytes", len(envelope))
				}
				return envelope, nil
			}, nil
		})
		if b, err := Call(t.Context(), at(still{Reader: bytes.NewReader(sent)}), via, nil, false, most); err == nil && len(b) > most {
			t.Errorf("an answer of %d bytes", len(b))
		}
	})
}
