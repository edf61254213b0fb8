package limit

import (
	"net/netip"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// A listener that comes too late with a ticket is no guesser: a busy one behind a slow line may be late some dozens of
// times at once. 112 random bits make the rest a matter of load, not of luck (contracts section 1).
const (
	wrongTickets = 60          // in a burst
	ticketFades  = time.Second // one wrong ticket is forgotten in that time
	guessMarks   = 1 << 16     // sources that are remembered: about 4 MB
)

// Guesses counts wrong tickets by source. Use NewGuesses.
type Guesses struct{ t *table }

// NewGuesses makes the memory of wrong tickets.
func NewGuesses() *Guesses { return &Guesses{newTable(guessMarks)} }

// Allowed reports whether a ticket from the address is to be looked at: not after 60 wrong ones, then one a second.
func (g *Guesses) Allowed(from netip.Addr, now time.Time) bool {
	if g.t.size() == 0 { // nearly always
		return true
	}
	room := wrongTickets - g.t.level(g.t.key(Source(from), entity.Address{}), now, ticketFades)
	return room >= 1
}

// Wrong notes a ticket that was never given out, was used or has expired.
func (g *Guesses) Wrong(from netip.Addr, now time.Time) {
	g.t.add(g.t.key(Source(from), entity.Address{}), now, ticketFades, wrongTickets)
}
