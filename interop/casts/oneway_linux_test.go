package casts

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// outcome is what a sender heard of its message.
type outcome struct {
	label  string
	status int
	err    error
}

// job sends one message by HTTP.
func (b *books) job(ctx context.Context, number int) (o outcome) {
	o.label = fmt.Sprint("post ", number)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url(), strings.NewReader(soap12(o.label)))
	if err != nil {
		o.err = err
		return o
	}
	req.Header.Set("Content-Type", soap12Type)
	req.Close = true // goleak wants no connection to be kept
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		o.err = err
		return o
	}
	defer res.Body.Close()
	_, o.err = io.Copy(io.Discard, res.Body)
	o.status = res.StatusCode
	return o
}

// at is who has each message.
func (b *books) at() map[string][]string {
	all := map[string][]string{}
	for _, l := range b.all {
		for _, note := range l.notes() {
			all[note] = append(all[note], l.name)
		}
	}
	return all
}

// TestOneWayCounts: many senders at once send numbered messages to a one-way relay, while one of its listeners is killed by kill -9 and one is
// stopped. Each message is at one listener at most, once. What was answered by 202 is at one; what was refused was lost with the
// listener that was killed, as the one message that it was at: what waited for it, or for the one that is stopped, went to others. For each
// listener what it wrote down is what counts as delivered, and with what counts as missed that is all that was sent. A Mono
// client's messages are each at one, too.
func TestOneWayCounts(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono", "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		const senders, each, calls = 40, 3, 20
		b := newBooks(t, s, "jobs", entity.OneWay)
		b.loose = true
		host := mono.Start(t)
		victim, slow := b.sdk("killed", s.Listen, "https"), b.sdk("stopped", s.Listen, "https")
		live := []*booked{slow, b.web("web", s.Send), b.receiver("receiver", s.Listen), b.sdk("connection", s.Listen, "ws")}
		b.mono(host, calls)()
		b.settled(b.all, func(now map[string]wire.Casts) string { return b.delivered(now, calls) })

		slow.p.Signal(syscall.SIGSTOP)
		outcomes, ctx := make(chan outcome, senders*each), interop.Context(t)
		var work sync.WaitGroup
		defer work.Wait()
		for i := range senders {
			work.Go(func() {
				for n := range each {
					outcomes <- b.job(ctx, n*senders+i+1)
				}
			})
		}
		b.last["post"] = senders * each
		var accepted, refused int64
		answers := map[string]outcome{}
		for len(answers) < senders*each {
			switch o := interop.Take(t, outcomes, "the answer to a message"); {
			case o.err != nil:
				t.Fatal(o.label, o.err)
			case o.status == http.StatusAccepted:
				accepted++
				answers[o.label] = o
			default:
				refused++
				answers[o.label] = o
			}
			switch len(answers) {
			case senders * each / 4:
				victim.p.Kill()
			case (senders - 1) * each: // all but one, who may wait for the stopped listener
				slow.p.Signal(syscall.SIGCONT)
			}
		}
		c := b.account(victim)
		wrote := int64(len(victim.notes()))
		t.Logf("killed: %+v, wrote down %d; %d refused", c, wrote, refused)
		if wrote < c.Delivered || wrote > c.Delivered+c.Missed || c.Missed > 1 || c.Missed != refused {
			t.Errorf("the listener that was killed wrote down %d: %+v; %d were refused", wrote, c, refused)
		}
		b.settled(live, func(now map[string]wire.Casts) string { return b.delivered(now, accepted+calls-c.Delivered) })
		at := b.at()
		for label, o := range answers {
			if n := len(at[label]); n > 1 || n == 0 && o.status == http.StatusAccepted {
				t.Errorf("%s (%d) is at %q", label, o.status, at[label])
			}
		}
		for n := range calls {
			if label := fmt.Sprint("message ", n+1); len(at[label]) != 1 {
				t.Errorf("%s is at %q", label, at[label])
			}
		}
	})
}

// delivered wants the listeners that are there to have so many messages together, and to miss none.
func (b *books) delivered(now map[string]wire.Casts, want int64) string {
	var all wire.Casts
	for _, c := range now {
		all.Delivered += c.Delivered
		all.Missed += c.Missed
	}
	if all.Delivered != want || all.Missed != 0 {
		return fmt.Sprintf("%+v, %d were taken", now, want)
	}
	return ""
}
