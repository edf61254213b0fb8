package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/hybrid/wire"
)

// service is a TCP echo that only this machine reaches.
type service struct {
	l    net.Listener
	runs sync.WaitGroup
}

func startService() (*service, error) {
	l, err := net.Listen("tcp", anyPort)
	if err != nil {
		return nil, err
	}
	s := &service{l: l}
	s.runs.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.runs.Go(func() { defer c.Close(); _, _ = io.Copy(c, c) })
		}
	})
	return s, nil
}

func (s *service) address() string { return s.l.Addr().String() }

func (s *service) close() {
	_ = s.l.Close()
	s.runs.Wait()
}

// listener holds a control channel at node 2 and bridges each sender to the service.
type listener struct {
	world   *world
	target  string
	control *websocket.Conn
	runs    sync.WaitGroup
}

// listen registers the listener; it is known to both nodes when listen returns.
func (w *world) listen(ctx context.Context, target string) (*listener, error) {
	conn, err := w.dial(ctx, nodes-1, "listen")
	if err != nil {
		return nil, fmt.Errorf("listener: %w", err)
	}
	l := &listener{world: w, target: target, control: conn}
	l.runs.Go(func() { l.serve(context.WithoutCancel(ctx)) })
	return l, nil
}

// serve takes accept messages until the control channel ends.
func (l *listener) serve(ctx context.Context) {
	for {
		_, b, err := l.control.ReadMessage()
		if err != nil {
			return
		}
		m, err := wire.Decode(b)
		if err != nil || m.Kind != wire.KindAccept {
			continue
		}
		l.runs.Go(func() { _ = l.bridge(ctx, m.Offer.Address) }) // a sender that was lost shows itself to the sender
	}
}

// bridge opens the temporary channel and carries it to the service.
func (l *listener) bridge(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	far, err := l.world.connect(ctx, address, nil)
	if err != nil {
		return err
	}
	defer far.Close()
	near, err := new(net.Dialer).DialContext(ctx, "tcp", l.target)
	if err != nil {
		return err
	}
	defer near.Close()
	var back sync.WaitGroup
	back.Go(func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := near.Read(buf)
			if n > 0 && far.WriteMessage(websocket.BinaryMessage, buf[:n]) != nil {
				return
			}
			if err != nil {
				return
			}
		}
	})
	for {
		_, m, err := far.ReadMessage() // gorilla answers the sender's Close by itself
		if err != nil {
			_ = near.Close()
			back.Wait()
			return err
		}
		if _, err := near.Write(m); err != nil {
			return errors.Join(err, near.Close())
		}
	}
}

// close ends the control channel and waits for what it served. It may be called twice.
func (l *listener) close() {
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "Normal Closure")
	_ = l.control.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
	_ = l.control.Close()
	l.runs.Wait()
}
