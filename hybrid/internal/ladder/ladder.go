// Package ladder owns the pauses between a listener's attempts to come back. Its functions may be called from any goroutine. Source: Hybrid
// Connections reference section 6.5.
package ladder

import (
	"math/rand/v2"
	"time"
)

// Default are the pauses of the .NET and Java SDKs (reference section 6.5).
var Default = []time.Duration{0, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second}

const (
	// Steady is how long a control channel must have lived for the ladder to begin anew. The SDKs begin anew after each
	// success; against a gateway that takes listeners and loses them at once, that is a storm.
	Steady = 10 * time.Second
	// leastJitter parts listeners that lost the same gateway, also at a rung without a pause.
	leastJitter = 100 * time.Millisecond
)

// Pause is the pause before an attempt: that of its rung, or of the last one, and up to a quarter more by chance.
func Pause(ladder []time.Duration, rung int) time.Duration {
	pause := ladder[min(rung, len(ladder)-1)]
	return pause + rand.N(max(pause/4, leastJitter))
}
