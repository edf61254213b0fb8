package gateway

import (
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestCounters: whoever counts under two labels counts in the vector's own counter of them, many at a time, and allocates nothing once it is
// known.
func TestCounters(t *testing.T) {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "counted_total", Help: "What is counted."}, []string{"first", "second"})
	c := newCounters(vec, 2)
	values := [][2]string{{"https", "stream"}, {"http", "stream"}, {"https", "exchange"}, {"stream", "https"}, {"", ""}}
	const each = 100
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range each {
				for _, v := range values {
					c.of(v[0], v[1]).Inc()
				}
			}
		})
	}
	all.Wait()
	registry := prometheus.NewRegistry()
	registry.MustRegister(vec)
	families, err := registry.Gather()
	if err != nil || len(families) != 1 || len(families[0].GetMetric()) != len(values) {
		t.Fatalf("%v, %v", families, err)
	}
	for _, m := range families[0].GetMetric() {
		if m.GetCounter().GetValue() != 4*each {
			t.Errorf("%v", m)
		}
	}
	for _, v := range values {
		if c.of(v[0], v[1]) != vec.WithLabelValues(v[0], v[1]) {
			t.Errorf("%q has another counter", v)
		}
	}
	if n := testing.AllocsPerRun(100, func() { c.of("https", "stream").Inc() }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestCountersOfOneLabel: a vector may have one.
func TestCountersOfOneLabel(t *testing.T) {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "one_total", Help: "What is counted."}, []string{"first"})
	c := newCounters(vec, 1)
	for _, outcome := range []string{"accepted", "ignored", "accepted"} {
		if c.of(outcome, "") != vec.WithLabelValues(outcome) {
			t.Errorf("%s has a counter that is not the vector's", outcome)
		}
	}
}
