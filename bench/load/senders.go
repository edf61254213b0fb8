package load

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// next makes the next message.
func (c *Crowd) next(b []byte) {
	number := c.sent.Add(1) - 1
	compose(b, number, time.Now())
}

// sender writes messages to one connection.
type sender struct {
	crowd *Crowd
	conn  net.Conn
	buf   [castBytes]byte
}

// send writes the next one. To one listener it is written when there is room, or stop says that there is no need.
func (s *sender) send(stop <-chan struct{}) error {
	if s.crowd.room != nil {
		select {
		case s.crowd.room <- struct{}{}:
		case <-stop:
			return nil
		}
	}
	s.crowd.next(s.buf[:])
	_, err := s.conn.Write(s.buf[:])
	return err
}

// script sends until stop is closed.
type script func(stop <-chan struct{}) error

// over reports whether stop is closed.
func over(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// Full sends one event after the other, as fast as every listener gets them: underWay are on their way at once. eps are deliveries.
func (c *Crowd) Full(dur time.Duration, w Window) (Result, error) {
	conn, err := c.open()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	s := &sender{crowd: c, conn: conn}
	return c.measure(dur, w, func(stop <-chan struct{}) error {
		for !over(stop) {
			behind := uint64(underWay-1) * uint64(len(c.ears))
			if due := c.due(); due > behind && !c.await(due-behind, c.patience) {
				return fmt.Errorf("%d deliveries came of %d", c.heard.Load(), due-behind)
			}
			if err := s.send(stop); err != nil {
				return err
			}
		}
		return nil
	})
}

// floodMessages is four times what a listener's queue holds (docs/casts.md).
const floodMessages = 1024

// Flood writes floodMessages events as fast as the connection takes them, whatever becomes of them. missed is the share of the deliveries
// that found no room in a listener's queue; eps are those that arrived, from the first write to the last arrival.
func (c *Crowd) Flood(_ time.Duration, w Window) (Result, error) {
	conn, err := c.open()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	s := &sender{crowd: c, conn: conn}
	missed, heard := c.missed, c.heard.Load()
	end := w()
	c.recording.Store(true)
	began := time.Now()
	for range floodMessages {
		if err := s.send(nil); err != nil {
			return nil, err
		}
	}
	err = c.settle()
	c.recording.Store(false)
	end()
	if err != nil {
		return nil, err
	}
	missed, heard = c.missed-missed, c.heard.Load()-heard
	last := began
	for _, e := range c.ears {
		e.delays = e.delays[:0]
		if e.last.After(last) {
			last = e.last
		}
	}
	if heard == 0 {
		return nil, errNothing
	}
	return Result{
		"eps": float64(heard) / last.Sub(began).Seconds(), "count": float64(heard),
		"missed": float64(missed) / float64(floodMessages*len(c.ears)),
	}, nil
}

// Paced sends so many events that there are pace deliveries a second, and measures how long each was on its way.
func (c *Crowd) Paced(pace int, dur time.Duration, w Window) (Result, error) {
	conn, err := c.open()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	s := &sender{crowd: c, conn: conn}
	for _, e := range c.ears {
		e.delays = e.delays[:0]
	}
	r, err := c.measure(dur, func() func() {
		end := w()
		c.recording.Store(true)
		return func() {
			c.recording.Store(false)
			end()
		}
	}, func(stop <-chan struct{}) error {
		tick := time.NewTicker(time.Second * time.Duration(len(c.ears)) / time.Duration(pace))
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-stop:
				return nil
			}
			if err := s.send(stop); err != nil {
				return err
			}
		}
	})
	if err != nil {
		return nil, err
	}
	times := make([][]time.Duration, len(c.ears))
	for i, e := range c.ears {
		times[i] = e.delays
	}
	delays, err := latencies("", times, time.Second)
	if err != nil {
		return nil, err
	}
	r["p50us"], r["p99us"] = delays["p50us"], delays["p99us"]
	return r, nil
}

// Mail has n senders send one message after the other, each to one listener; underWay are on their way at once. eps are messages.
func (c *Crowd) Mail(n int, dur time.Duration, w Window) (Result, error) {
	c.first.Store(c.sent.Load())
	for i := range c.seen {
		c.seen[i].Store(0)
	}
	var open crew
	defer func() { open.close() }()
	scripts := make([]script, n)
	for i := range scripts {
		conn, err := c.open()
		if err != nil {
			return nil, err
		}
		open = append(open, conn)
		s := &sender{crowd: c, conn: conn}
		scripts[i] = func(stop <-chan struct{}) error {
			for !over(stop) {
				if err := s.send(stop); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return c.measure(dur, w, scripts...)
}

// watched is a sender's connection that is read too.
type watched struct {
	net.Conn

	closing atomic.Bool
	read    chan struct{} // closed when nothing comes any more
}

// Close implements net.Conn.
func (w *watched) Close() error {
	w.closing.Store(true)
	err := w.Conn.Close()
	<-w.read
	return err
}

// open opens a sender's connection. That the relay ends it is why messages are lost.
func (c *Crowd) open() (net.Conn, error) {
	conn, err := c.casts.Send()
	if err != nil {
		return nil, err
	}
	w := &watched{Conn: conn, read: make(chan struct{})}
	go func() { // ends with the connection, whose Close waits for it
		defer close(w.read)
		if _, err := io.Copy(io.Discard, conn); !w.closing.Load() {
			c.spoil(fmt.Errorf("the relay ended a sender: %w", cmp.Or(err, io.EOF)))
		}
	}()
	return w, nil
}

var errNothing = errors.New("nothing was delivered in the measured time")

// measure runs senders for a time and a little before it, counts the deliveries in it, and makes the account.
func (c *Crowd) measure(dur time.Duration, w Window, scripts ...script) (Result, error) {
	stop := make(chan struct{})
	var bad failures
	var wg sync.WaitGroup
	for _, play := range scripts {
		wg.Go(func() {
			if err := play(stop); err != nil {
				bad.add(err)
			}
		})
	}
	time.Sleep(dur / 5)
	end := w()
	from, began := c.heard.Load(), time.Now()
	time.Sleep(dur)
	to, took := c.heard.Load(), time.Since(began)
	end()
	close(stop)
	wg.Wait()
	if bad.first != nil {
		return nil, bad.first
	}
	if err := c.settle(); err != nil {
		return nil, err
	}
	if from == to {
		return nil, errNothing
	}
	return Result{"eps": float64(to-from) / took.Seconds(), "count": float64(to - from)}, nil
}

// How long is waited for all deliveries before the relay is asked what it has missed, and before it is asked again.
const drained, again = 200 * time.Millisecond, 20 * time.Millisecond

// settle waits until nothing is under way, and makes the account: for each listener, what it got is what the relay says that it
// delivered, and with what the relay says was missed it is all that was sent. Of a relay that says nothing each got all.
func (c *Crowd) settle() error {
	for until := time.Now().Add(c.patience); ; {
		c.await(c.due(), min(drained, c.patience))
		err := c.balance()
		if damage := c.damage.Load(); damage != nil {
			return *damage
		}
		if err == nil || time.Now().After(until) {
			return err
		}
		time.Sleep(again)
	}
}

// counts is what the relay says, or what was heard where it says nothing.
func (c *Crowd) counts() (map[string]Count, error) {
	if c.casts.Counts != nil {
		return c.casts.Counts()
	}
	heard := make(map[string]Count, len(c.ears))
	for _, e := range c.ears {
		heard[e.name] = Count{Delivered: e.got.Load()}
	}
	return heard, nil
}

// balance compares the relay's counts with what was heard.
func (c *Crowd) balance() error {
	counts, err := c.counts()
	if err != nil {
		return err
	}
	var got, missed uint64
	sent := c.sent.Load()
	for _, e := range c.ears {
		said, there := counts[e.name]
		heard := e.got.Load()
		switch {
		case !there:
			return fmt.Errorf("%s is gone", e.name)
		case said.Waiting > 0:
			return fmt.Errorf("%d messages still wait for %s", said.Waiting, e.name)
		case said.Delivered != heard:
			return fmt.Errorf("%s got %d messages, and %d are said to be delivered", e.name, heard, said.Delivered)
		case c.all && heard+said.Missed != sent:
			return fmt.Errorf("%s got %d messages and missed %d, and %d were sent", e.name, heard, said.Missed, sent)
		}
		got += heard
		missed += said.Missed
	}
	if !c.all && got+missed != sent {
		return fmt.Errorf("%d messages arrived and %d were missed, and %d were sent", got, missed, sent)
	}
	c.missed = missed
	return nil
}
