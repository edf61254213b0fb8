package hybrid

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/hybrid/internal/handshake"
	"github.com/causeway-relay/causeway/hybrid/internal/ladder"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
)

const (
	// elsewhere is the pause behind a node that does not know the listener: a balancer may send the next dial to the right one.
	elsewhere = 30 * time.Second
	// aliveTime is how long a standby connection must have lived for its loss to be one of chance, mended at once.
	aliveTime = 10 * time.Second
	// maxOffer bounds an offer line: a control message and its end.
	maxOffer = wire.MaxMessage + 1
)

// standBy keeps as many connections waiting as were granted, until ctx ends with the control channel.
func (l *Listener) standBy(ctx context.Context, granted int, beside *sync.WaitGroup) {
	for range min(granted, l.s.standby) {
		beside.Go(func() {
			for rung := 0; ctx.Err() == nil; {
				began := time.Now()
				pause := l.stand(ctx)
				if pause < 0 || time.Since(began) >= aliveTime {
					rung = 0
				} else if rung++; pause == 0 {
					pause = ladder.Pause(ladder.Default, rung)
				}
				wait(ctx, pause)
			}
		})
	}
}

// wait pauses, not longer than ctx.
func wait(ctx context.Context, pause time.Duration) {
	if pause <= 0 {
		return
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// stand dials one connection and waits for its offer. It gives the pause before the next: below zero none, since this one was
// used; zero that of the ladder.
func (l *Listener) stand(ctx context.Context) time.Duration {
	u, err := l.dialStandby(ctx)
	if err != nil {
		if no, ok := errors.AsType[*Error](err); ok && no.Status == http.StatusConflict {
			return elsewhere
		}
		return 0
	}
	stop := context.AfterFunc(ctx, func() { _ = u.Conn.Close() })
	offer, err := readOffer(u)
	if !stop() || err != nil {
		_ = u.Conn.Close()
		return 0
	}
	l.stoodBy(offer, u)
	return -1
}

// dialStandby opens a connection that waits.
func (l *Listener) dialStandby(ctx context.Context) (*handshake.Upgraded, error) {
	ctx, cancel := context.WithTimeout(ctx, l.s.timeout)
	defer cancel()
	token, _, err := l.endpoint.Token(ctx)
	if err != nil {
		return nil, err
	}
	at := &wire.Address{Authority: l.endpoint.Host, Target: l.endpoint.Target("", wire.ActionStandby, l.id)}
	return l.dialer.upgrade(ctx, at, true, http1.Fields{{Name: "ServiceBusAuthorization", Value: token}})
}

// readOffer waits for the gateway's one line. Nothing follows it before the answer.
func readOffer(u *handshake.Upgraded) (*wire.Offer, error) {
	buf := u.Read
	for {
		if i := bytes.IndexByte(buf, '\n'); i >= 0 {
			u.Read = append([]byte(nil), buf[i+1:]...)
			m, err := wire.Decode(buf[:i])
			if err == nil && m.Kind != wire.KindAccept {
				err = fmt.Errorf("standby: the gateway sent %q in the place of an offer", m.Kind)
			}
			if err != nil {
				return nil, err
			}
			return m.Offer, nil
		}
		if len(buf) >= maxOffer {
			return nil, errors.New("standby: the offer line is too long")
		}
		if len(buf) == cap(buf) {
			buf = append(buf, make([]byte, max(512, len(buf)))...)[:len(buf)]
		}
		n, err := u.Conn.Read(buf[len(buf):cap(buf)])
		if buf = buf[:len(buf)+n]; n == 0 && err != nil {
			return nil, err
		}
	}
}

// stoodBy takes the sender of an offer in, if there is room.
func (l *Listener) stoodBy(o *wire.Offer, u *handshake.Upgraded) {
	w := &standing{u}
	select {
	case l.slots <- struct{}{}:
		l.runs.Go(func() { l.receive(o, w) })
	default:
		l.runs.Go(func() { l.turnAway(o, w) }) // as many at a time as stand by
	}
}

// standing is the way of a sender whose offer came on a connection that stood by.
type standing struct{ u *handshake.Upgraded }

// accept implements way: the answer line, and the connection is the stream.
func (s *standing) accept(ctx context.Context, _ *wire.Address, fields http1.Fields) (*handshake.Upgraded, error) {
	if err := s.say(ctx, http.StatusOK, fields.Get("Sec-WebSocket-Protocol")); err != nil {
		_ = s.u.Conn.Close()
		return nil, unanswered(err)
	}
	return s.u, nil
}

// reject implements way.
func (s *standing) reject(ctx context.Context, _ *wire.Offer, no *rejection) error {
	defer s.u.Conn.Close()
	status := no.status
	if status == http.StatusOK {
		status = http.StatusBadRequest // 200 is the yes of the line
	}
	return s.say(ctx, status, no.reason)
}

func (s *standing) say(ctx context.Context, status int, text string) error {
	due, _ := ctx.Deadline()
	if err := s.u.Conn.SetWriteDeadline(due); err != nil {
		return err
	}
	if _, err := s.u.Conn.Write(wire.AppendAnswer(nil, status, text)); err != nil {
		return err
	}
	return s.u.Conn.SetWriteDeadline(time.Time{})
}
