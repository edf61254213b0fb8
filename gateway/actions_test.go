package gateway

import (
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestActionLabels: actions that a service took have labels, up to a bound; what senders make up has none.
func TestActionLabels(t *testing.T) {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "a_total", Help: "What was asked for."}, []string{"action"})
	registry := prometheus.NewRegistry()
	registry.MustRegister(vec)
	c := newActionCounter(vec)
	labels := func() map[string]float64 {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]float64{}
		for _, m := range families[0].GetMetric() {
			all[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
		}
		return all
	}
	c.count("", 200)
	c.count("urn:add", 500)
	c.count("urn:add", 200)
	c.count("urn:add", 500)
	c.count(strings.Repeat("x", maxActionText+1), 200)
	if got := labels(); got["urn:add"] != 2 || got[otherAction] != 2 || len(got) != 2 {
		t.Errorf("%v", got)
	}
	for i := range 10 * maxActions {
		c.count("urn:"+strconv.Itoa(i), 202)
	}
	if got := labels(); len(got) != maxActions+1 || got[otherAction] != 2+9*maxActions+1 {
		t.Errorf("%d labels, other %v", len(got), got[otherAction])
	}
	if n := testing.AllocsPerRun(100, func() { c.count("urn:add", 200); c.count("urn:made up", 500) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
