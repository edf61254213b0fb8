package certs

import (
	"context"
	"slices"
	"time"
)

// Served is a certificate that a door serves.
type Served struct {
	Name     string // host names, joined by commas
	NotAfter time.Time
}

// watchEvery is how often ends are looked at: the nearest threshold is a day.
const watchEvery = time.Hour

// thresholds are the times before the end at which a person must know, longest first. Files of public authorities are
// renewed a third of their life ahead, so 21 days mean that a renewal of a 90-day certificate has failed for a week.
var thresholds = []time.Duration{21 * 24 * time.Hour, 7 * 24 * time.Hour, 24 * time.Hour, 0}

// Watch tells of each certificate that comes near its end: once below 21 days, 7 days and 1 day, and once when it has ended.
// left is what remains, negative after the end. list is asked at once and then every hour; a certificate with another end is
// another one. It blocks until ctx ends; its caller owns the goroutine. tell must not wait.
func Watch(ctx context.Context, list func() []Served, tell func(s Served, left time.Duration)) {
	told := map[Served]int{} // how many thresholds have been passed
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		now, seen := time.Now(), list()
		for _, s := range seen {
			left := s.NotAfter.Sub(now)
			passed := len(thresholds) - countFunc(thresholds, func(t time.Duration) bool { return left > t })
			if passed > told[s] {
				told[s] = passed
				tell(s, left)
			}
		}
		for s := range told {
			if !slices.Contains(seen, s) {
				delete(told, s) // renewed: what is remembered stays as small as what is served
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func countFunc[T any](list []T, f func(T) bool) (n int) {
	for _, v := range list {
		if f(v) {
			n++
		}
	}
	return n
}
