package load

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Casts is a relay of messages that nobody answers, as senders and listeners see it.
type Casts struct {
	// Listen adds a listener of that name and returns when it is online. take is called for one message after the other and keeps
	// nothing of it. Close ends the listener and waits for it.
	Listen func(name string, take func(message []byte)) (io.Closer, error)
	Send   Dialer                           // each Write is a message
	Counts func() (map[string]Count, error) // what the relay says became of the messages, by listener; nil: it does not say, and may miss none
}

// Count is what the relay says became of the messages for one listener.
type Count struct {
	Delivered, Missed, Waiting uint64
}

// A message is a number, when it was sent, and letters of the pattern: as long as those of the reference's fan-out. All of it is letters
// and digits, so that it has the same bytes within JSON.
const (
	castBytes = 128
	castHead  = 32 // the number and nanoseconds since 1970, 16 hexadecimal digits each
)

// letters are the stream as characters that JSON has as they are.
var letters = func() []byte {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
	b := make([]byte, period+castBytes)
	for i := range b {
		b[i] = alphabet[stream[i]%byte(len(alphabet))]
	}
	return b
}()

// body is what a message of that number has behind its head.
func body(number uint64) []byte { return letters[int64(number)*997%period:][:castBytes-castHead] }

// compose writes a message into castBytes.
func compose(b []byte, number uint64, sent time.Time) {
	var head [castHead / 2]byte
	binary.BigEndian.PutUint64(head[:], number)
	binary.BigEndian.PutUint64(head[8:], uint64(sent.UnixNano()))
	hex.Encode(b, head[:])
	copy(b[castHead:], body(number))
}

// headOf is the number of a message and when it was sent, in nanoseconds since 1970.
func headOf(message []byte) (number uint64, sent int64, err error) {
	var head [castHead / 2]byte
	if _, err := hex.Decode(head[:], message[:castHead]); err != nil {
		return 0, 0, err
	}
	return binary.BigEndian.Uint64(head[:]), int64(binary.BigEndian.Uint64(head[8:])), nil
}

// underWay is how many messages are on their way at once: a small part of a listener's queue (docs/casts.md: 256), so that none is
// missed, and enough that the relay never waits for the sender.
const underWay = 16

// mostMail is how many messages one cell may send to one listener each.
const mostMail = 1 << 22

// Crowd is the listeners of one relay, and what each has heard since it came: every message is looked at. The methods that measure
// are called one at a time; each ends with the account of all that was ever sent.
type Crowd struct {
	casts   *Casts
	all     bool // each message goes to every listener
	ears    []*ear
	closers []io.Closer

	patience time.Duration // for deliveries and for the account

	sent   atomic.Uint64 // messages
	heard  atomic.Uint64 // deliveries
	missed uint64        // as far as accounts were made

	enough    atomic.Uint64 // deliveries that somebody waits for
	woken     chan struct{}
	room      chan struct{} // one for each message to one listener that is under way
	first     atomic.Uint64 // number of the first message of the cell, where seen begins
	seen      []atomic.Uint64
	recording atomic.Bool
	damage    atomic.Pointer[error]
}

// ear is one listener.
type ear struct {
	crowd  *Crowd
	name   string
	next   uint64 // the least number that may come
	got    atomic.Uint64
	delays []time.Duration // of what came while recording
	last   time.Time       // when the last of it came
}

// Gather brings n listeners online and waits until a message has reached each: to all of them at once, or to one after the other.
func Gather(casts *Casts, n int, all bool) (*Crowd, error) { return assemble(casts, n, all, grace) }

func assemble(casts *Casts, n int, all bool, patience time.Duration) (*Crowd, error) {
	c := &Crowd{casts: casts, all: all, patience: patience, woken: make(chan struct{}, 1)}
	if !all {
		c.room, c.seen = make(chan struct{}, underWay), make([]atomic.Uint64, mostMail/64)
	}
	c.ears, c.closers = make([]*ear, n), make([]io.Closer, n)
	err := each(n, func(i int) (err error) {
		e := &ear{crowd: c, name: fmt.Sprintf("listener-%d", i)}
		c.ears[i] = e
		c.closers[i], err = casts.Listen(e.name, e.take)
		return err
	})
	if err == nil {
		err = c.acquaint()
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("%d listeners: %w", n, err)
	}
	return c, nil
}

// each runs f for 0 to n-1, some at once, and gives the first error.
func each(n int, f func(i int) error) error {
	const workers = 16
	var bad failures
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(workers, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					bad.add(err)
				}
			}
		})
	}
	wg.Wait()
	return bad.first
}

// Close ends the listeners.
func (c *Crowd) Close() {
	_ = each(len(c.closers), func(i int) error { // they may be gone
		if c.closers[i] != nil {
			return c.closers[i].Close()
		}
		return nil
	})
}

// acquaint sends until every listener has heard something: its connection for messages is opened by the first.
func (c *Crowd) acquaint() error {
	conn, err := c.open()
	if err != nil {
		return err
	}
	defer conn.Close()
	s := &sender{crowd: c, conn: conn}
	for range 100 * len(c.ears) {
		if err := s.send(nil); err != nil {
			return err
		}
		if !c.await(c.due(), c.patience) {
			return fmt.Errorf("the first messages reached %d of %d", c.heard.Load(), c.due())
		}
		quiet := 0
		for _, e := range c.ears {
			if e.got.Load() == 0 {
				quiet++
			}
		}
		if quiet == 0 {
			return c.settle()
		}
	}
	return errors.New("not every listener gets messages")
}

// due is how many deliveries there have to be, by what is known of those that were missed.
func (c *Crowd) due() uint64 {
	n := c.sent.Load()
	if c.all {
		n *= uint64(len(c.ears))
	}
	return n - c.missed
}

// await waits until there were so many deliveries in all. One goroutine at a time waits.
func (c *Crowd) await(total uint64, most time.Duration) bool {
	c.enough.Store(total)
	if c.heard.Load() >= total {
		return true
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	for c.heard.Load() < total {
		select {
		case <-c.woken:
		case <-timer.C:
			return c.heard.Load() >= total
		}
	}
	return true
}

// take is a message as it arrives.
func (e *ear) take(message []byte) {
	c := e.crowd
	sent, err := e.check(message)
	if err != nil {
		c.spoil(fmt.Errorf("%s: %w", e.name, err))
		return
	}
	if c.recording.Load() {
		e.last = time.Now()
		e.delays = append(e.delays, time.Duration(e.last.UnixNano()-sent))
	}
	e.got.Add(1)
	if c.heard.Add(1) == c.enough.Load() {
		select {
		case c.woken <- struct{}{}:
		default:
		}
	}
	if c.room != nil {
		<-c.room
	}
}

func (c *Crowd) spoil(err error) { c.damage.CompareAndSwap(nil, &err) }

// check looks whether a message is one that was sent, whole, and for the first time here or, where one listener gets it, anywhere. It
// gives when it was sent.
func (e *ear) check(message []byte) (sent int64, err error) {
	if len(message) != castBytes {
		return 0, fmt.Errorf("a message of %d bytes, not %d", len(message), castBytes)
	}
	number, sent, err := headOf(message)
	if err != nil || number >= e.crowd.sent.Load() || !bytes.Equal(message[castHead:], body(number)) {
		return 0, fmt.Errorf("message %q is not one that was sent", message[:castHead/2])
	}
	return sent, e.first(number)
}

// first looks whether a message comes for the first time.
func (e *ear) first(number uint64) error {
	c := e.crowd
	if c.all {
		if number < e.next {
			return fmt.Errorf("message %d came twice, or behind %d", number, e.next-1)
		}
		e.next = number + 1
		return nil
	}
	place := number - c.first.Load()
	switch {
	case number < c.first.Load():
		return fmt.Errorf("message %d came a second time, behind the account", number)
	case place >= mostMail:
		return fmt.Errorf("message %d is one more than can be told apart", number)
	case c.seen[place/64].Or(1<<(place%64))&(1<<(place%64)) != 0:
		return fmt.Errorf("message %d came twice", number)
	}
	return nil
}
