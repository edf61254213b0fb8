package connect_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/bridge/connect/stdio"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/trust"
)

// carried is a sender on two pipes.
type carried struct {
	say  *io.PipeWriter
	hear *io.PipeReader
	over chan error
	cut  context.CancelFunc
}

// carry runs Carry for a sender until the test ends.
func (w *world) carry(c connect.Connector) *carried {
	w.t.Helper()
	in, say := io.Pipe()
	hear, out := io.Pipe()
	ctx, cut := context.WithCancel(context.Background())
	s := &carried{say, hear, make(chan error, 1), cut}
	b := connect.New(connect.Params{ConnectionString: w.send, Roots: trust.Roots{File: w.CAFile()}})
	go func() { s.over <- b.Carry(ctx, c, stdio.New(in, out)) }()
	w.t.Cleanup(func() {
		cut()
		_, _ = say.Close(), hear.Close()
	})
	return s
}

// result is what Carry said.
func (s *carried) result(t *testing.T) error {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-s.over:
		return err
	case <-timer.C:
		t.Fatal("it does not end")
		return nil
	}
}

// TestCarry: what is said comes at once, and the end of one direction leaves the other as it is.
func TestCarry(t *testing.T) {
	both(t, func(w *world) {
		heard := make(chan string, 1)
		w.listener("tcp://" + service(w.t, "tcp", "127.0.0.1:0", func(c net.Conn) {
			var word [5]byte
			_, _ = io.ReadFull(c, word[:])
			_, _ = c.Write(word[:])
			b, _ := io.ReadAll(c)
			heard <- string(b)
			fmt.Fprintf(c, "%d bytes", len(b))
		}).Addr().String())
		s := w.carry(connect.Connector{Forward: "hyco"})
		if _, err := io.WriteString(s.say, "hello"); err != nil {
			w.t.Fatal(err)
		}
		var word [5]byte
		if _, err := io.ReadFull(s.hear, word[:]); err != nil || string(word[:]) != "hello" {
			w.t.Fatalf("%q, %v", word, err)
		}
		_, _ = io.WriteString(s.say, "request")
		s.say.Close()
		if got := <-heard; got != "request" {
			w.t.Errorf("%q came", got)
		}
		if b, err := io.ReadAll(s.hear); err != nil || string(b) != "7 bytes" {
			w.t.Errorf("%q, %v", b, err)
		}
		if err := s.result(w.t); err != nil {
			w.t.Error(err)
		}
	})
}

// TestCarryEndOfTheOther: the other end's end is the reader's, and what is said still goes through.
func TestCarryEndOfTheOther(t *testing.T) {
	both(t, func(w *world) {
		heard := make(chan string, 1)
		w.listener("tcp://" + service(w.t, "tcp", "127.0.0.1:0", func(c net.Conn) {
			_, _ = io.WriteString(c, "banner")
			_ = c.(*net.TCPConn).CloseWrite()
			b, _ := io.ReadAll(c)
			heard <- string(b)
		}).Addr().String())
		s := w.carry(connect.Connector{Forward: "hyco"})
		if b, err := io.ReadAll(s.hear); err != nil || string(b) != "banner" {
			w.t.Fatalf("%q, %v", b, err)
		}
		_, _ = io.WriteString(s.say, "afterwards")
		s.say.Close()
		if got := <-heard; got != "afterwards" {
			w.t.Errorf("%q came", got)
		}
		if err := s.result(w.t); err != nil {
			w.t.Error(err)
		}
	})
}

// TestCarryLosses: a stream that is lost says so, with what finds it in the gateway's log; and one that is cut here is a loss there.
func TestCarryLosses(t *testing.T) {
	both(t, func(w *world) {
		ended := make(chan error, 1)
		w.listener("tcp://" + service(w.t, "tcp", "127.0.0.1:0", func(c net.Conn) {
			_, _ = io.WriteString(c, "half")
			var word [4]byte
			switch _, err := io.ReadFull(c, word[:]); {
			case err != nil: // the loss was faster than the word
				ended <- loss(err)
			case string(word[:]) == "lose":
				_ = c.(*net.TCPConn).SetLinger(0)
			default:
				ended <- lost(c)
			}
		}).Addr().String())

		s := w.carry(connect.Connector{Forward: "hyco"})
		_, _ = io.WriteString(s.say, "lose")
		if b, err := io.ReadAll(s.hear); err != nil || string(b) != "half" {
			w.t.Errorf("%q, %v", b, err)
		}
		err := s.result(w.t)
		no, ok := errors.AsType[*connect.Broken](err)
		if !ok || no.Reason == "" || no.Reason == fail.PeerClosed || no.Relay != "hyco" {
			w.t.Fatalf("%+v", err)
		}
		w.Await(w.t.Context(), "the line of "+no.Tracking, func(line map[string]string) bool { return line["msg"] == "closed" && line["tracking"] == no.Tracking })

		s = w.carry(connect.Connector{Forward: "hyco"})
		_, _ = io.WriteString(s.say, "stay")
		var word [4]byte
		if _, err := io.ReadFull(s.hear, word[:]); err != nil {
			w.t.Fatal(err)
		}
		s.cut()
		if err := s.result(w.t); err == nil {
			w.t.Error("a stream that was cut ended in order")
		}
		if err := <-ended; err != nil {
			w.t.Errorf("the other end: %v", err)
		}
	})
}

// TestCarryRefused: what keeps a sender out is said by whoever did.
func TestCarryRefused(t *testing.T) {
	both(t, func(w *world) {
		s := w.carry(connect.Connector{Forward: "hyco"})
		if no, ok := errors.AsType[*hybrid.Error](s.result(w.t)); !ok || no.Code != fail.NoListener || no.TrackingID == "" {
			w.t.Errorf("nobody listens: %+v", no)
		}
		s = w.carry(connect.Connector{Forward: "a//b"})
		if flaw, ok := errors.AsType[*connect.Flaw](s.result(w.t)); !ok || flaw.Key != "forward" {
			w.t.Errorf("a wrong name: %+v", flaw)
		}
		w.listener("tcp://" + service(w.t, "tcp", "127.0.0.1:0", func(c net.Conn) {
			_, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2p1\r\n")
			_, _ = io.Copy(io.Discard, c)
		}).Addr().String())
		s = w.carry(connect.Connector{Forward: "hyco", PortName: "ssh"})
		if no, ok := errors.AsType[*connect.Broken](s.result(w.t)); !ok || no.Reason != connect.PreambleFailed || no.Do == "" {
			w.t.Errorf("no preamble: %+v", no)
		}
	})
}
