package cast

import "github.com/causeway-relay/causeway/gateway/fail"

// Outcome is what became of a message, as far as it is known when its sender goes on. To one listener: it has been handed over. To all: it
// stands in the queue of each that is counted as Taken; what becomes of it there is in the counts of the listener, at its node.
type Outcome struct {
	Taken  int               // listeners; receivers, where one listener has several behind it
	Missed map[fail.Code]int // listeners that do not get it, by reason; nil: none
}

// Misses is how many listeners do not get the message.
func (o *Outcome) Misses() (n int) {
	for _, more := range o.Missed {
		n += more
	}
	return n
}

func (o *Outcome) miss(why fail.Code, n int) {
	if n == 0 {
		return
	}
	if o.Missed == nil {
		o.Missed = make(map[fail.Code]int)
	}
	o.Missed[why] += n
}
