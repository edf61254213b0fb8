package cast

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/relay/internal/account"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// stand puts a front before a listener that takes messages.
func stand() (*Front, *single) {
	s := &single{let: make(chan error, 8)}
	house := &House{
		Hooks: new(account.Hooks), Response: func(entity.Address) time.Duration { return time.Minute },
		Crew: NewCrew(func(f func()) bool { go f(); return true }),
	}
	return (&Front{House: house, Listener: &route.Listener{Cast: s}}).Stand(), s
}

// TestFront: a listener has a queue from its first message on, and none before; what comes behind the end finds it closed, whether there was
// one or not.
func TestFront(t *testing.T) {
	for _, used := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f, s := stand()
			f.Settled(t.Context()) // nothing is waited for
			if f.queue.Load() != nil || f.Waiting() != 0 || f.Listener.Cast != shape.Sink(f) {
				t.Errorf("a queue of %d before there is anything to wait", f.Waiting())
			}
			if used {
				if here, err := f.Put(&shape.Message{}); !here || err != nil || f.Waiting() != 1 {
					t.Errorf("the first message: here %t, %v, %d wait", here, err, f.Waiting())
				}
				s.let <- nil
				f.Settled(t.Context())
				if n := f.Listener.Tally.Delivered.Load(); n != 1 {
					t.Errorf("%d delivered", n)
				}
			}
			why := errors.New("left")
			f.Close(why)
			f.Close(errors.New("again"))
			if here, err := f.Put(&shape.Message{}); here || err != nil {
				t.Errorf("behind the end: here %t, %v", here, err)
			}
			if _, err := f.Deliver(t.Context(), &shape.Message{}); !errors.Is(err, why) || !Untaken(err) {
				t.Errorf("behind the end: %v", err)
			}
		})
	}
}

// TestNobody: a listener that takes no messages has no front, and that can be ended and looked at.
func TestNobody(t *testing.T) {
	f := (&Front{Listener: new(route.Listener)}).Stand()
	f.Close(nil)
	f.Settled(t.Context())
	if f != nil || f.Waiting() != 0 {
		t.Errorf("%v has %d", f, f.Waiting())
	}
}
