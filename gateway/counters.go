package gateway

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// counters are those of a vector with one or two labels of few values, found without hashing them anew: each party that comes and each end of one
// is counted. It is safe for concurrent use, and allocates nothing for labels that it knows.
type counters struct {
	vec    *prometheus.CounterVec
	labels int

	mu    sync.Mutex // of who adds one
	known atomic.Pointer[map[[2]string]prometheus.Counter]
}

func newCounters(vec *prometheus.CounterVec, labels int) *counters {
	c := &counters{vec: vec, labels: labels}
	c.known.Store(new(map[[2]string]prometheus.Counter))
	return c
}

// of gives the counter of two values, in the order of the vector's labels; second is "" where there is one label.
func (c *counters) of(first, second string) prometheus.Counter {
	if one, ok := (*c.known.Load())[[2]string{first, second}]; ok {
		return one
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.vec.WithLabelValues([]string{first, second}[:c.labels]...)
	more := maps.Clone(*c.known.Load()) // those who look have the old one
	if more == nil {
		more = make(map[[2]string]prometheus.Counter)
	}
	more[[2]string{first, second}] = one
	c.known.Store(&more)
	return one
}
