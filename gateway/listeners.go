package gateway

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/presence"
)

// listenerGauge counts this node's listeners by what they seem to be, at each scrape. The label entity stands there only
// with metrics.perEntity. Gone are those that left within the last hour and have not come back at any node.
type listenerGauge struct {
	g    *Gateway
	m    *meter
	desc *prometheus.Desc
}

func newListenerGauge(g *Gateway, m *meter) *listenerGauge {
	labels := []string{"state"}
	if g.cfg.Metrics.PerEntity {
		labels = []string{"entity", "state"}
	}
	return &listenerGauge{g, m, prometheus.NewDesc("causeway_listeners", "Listeners of this node by what they seem to be.", labels, nil)}
}

// Describe implements prometheus.Collector.
func (l *listenerGauge) Describe(c chan<- *prometheus.Desc) { c <- l.desc }

// Collect implements prometheus.Collector.
func (l *listenerGauge) Collect(c chan<- prometheus.Metric) {
	gauge := func(n int, labels ...string) {
		c <- prometheus.MustNewConstMetric(l.desc, prometheus.GaugeValue, float64(n), labels...)
	}
	counts := l.byEntity()
	if l.g.cfg.Metrics.PerEntity {
		for name, n := range l.labelled(counts) {
			for _, s := range presence.States() {
				gauge(n[s], name, s.String())
			}
		}
		return
	}
	var total [presence.Gone + 1]int
	for _, n := range counts {
		for s := range n {
			total[s] += n[s]
		}
	}
	for _, s := range presence.States() {
		gauge(total[s], s.String())
	}
}

// byEntity counts by the entity's name.
func (l *listenerGauge) byEntity() map[string][presence.Gone + 1]int {
	all := make(map[string][presence.Gone + 1]int)
	view := l.g.store.View()
	for path, n := range l.g.relay.StatesHere() {
		name := path
		if e := view.Get(entity.Address{Path: path}); e != nil {
			name = e.Name
		}
		counts := all[name]
		for s := range n {
			counts[s] += n[s]
		}
		all[name] = counts
	}
	for name, n := range l.g.news.history.Gone(uint16(l.g.p.Node), time.Now()) {
		counts := all[name]
		counts[presence.Gone] += n
		all[name] = counts
	}
	return all
}

// labelled joins the entities beyond the cap.
func (l *listenerGauge) labelled(counts map[string][presence.Gone + 1]int) map[string][presence.Gone + 1]int {
	all := make(map[string][presence.Gone + 1]int, len(counts))
	for name, n := range counts {
		label := l.m.label(name)
		joined := all[label]
		for s := range n {
			joined[s] += n[s]
		}
		all[label] = joined
	}
	return all
}
