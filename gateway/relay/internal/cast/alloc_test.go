package cast

import (
	"context"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// counted takes messages at once, and counts them.
type counted struct{ took chan int }

func (c counted) Deliver(context.Context, *shape.Message) (int, error) {
	c.took <- 1
	return 1, nil
}

func (c counted) DeliverAll(_ context.Context, messages []*shape.Message) error {
	c.took <- len(messages)
	return nil
}

// TestAllocations: a message to every listener costs none of them an allocation; each stroke costs one, and a burst that finds a listener at rest is
// few strokes.
func TestAllocations(t *testing.T) {
	const burst = Together / 2
	took := make(chan int, burst)
	q := New(Params{
		Sink: counted{took}, Limit: func() time.Duration { return time.Minute }, Settled: func([]*shape.Message, int, error) {},
		Crew: NewCrew(func(f func()) bool { go f(); return true }),
	})
	defer q.Close(nil)
	m := message("", 100)
	some := testing.AllocsPerRun(2000, func() {
		for range burst {
			if _, err := q.Put(m); err != nil {
				t.Error(err)
			}
		}
		for n := 0; n < burst; n += <-took {
		}
	})
	if each := some / burst; !raced && each > 0.5 {
		t.Errorf("%.2f allocations a message, %.1f a burst", each, some)
	}
}
