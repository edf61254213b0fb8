package gateway

import (
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/relay"
)

// otherEntity is the label of entities beyond the cap, and maxEntities the cap (contracts section 2).
const (
	otherEntity = "other"
	maxEntities = 1000
)

// meter holds the node's metrics. Names and labels are a contract: docs/metrics.md.
type meter struct {
	registry    *prometheus.Registry
	connections *counters              // door, shape
	closedBy    *counters              // shape, reason
	refused     *prometheus.CounterVec // door, reason
	offers      *counters              // outcome
	exchanges   [6]prometheus.Counter  // by the hundreds of the status, which are 2 to 5
	casts       *counters              // outcome
	stages      *prometheus.HistogramVec
	stage       [5]prometheus.Observer // of stages, as in stageNames
	handshakes  *prometheus.CounterVec // door
	actions     *actionCounter
	entities    *prometheus.CounterVec // entity, direction; nil: metrics.perEntity is off

	mu    sync.Mutex
	known map[string]bool
}

// newMeter registers everything. Gauges are read from the gateway at each scrape.
func newMeter(g *Gateway) *meter {
	m := &meter{registry: prometheus.NewRegistry(), known: make(map[string]bool)}
	m.connections = newCounters(m.counter("causeway_connections_total", "Parties that came to the relay.", "door", "shape"), 2)
	m.closedBy = newCounters(m.counter("causeway_closed_total", "Streams, exchanges, casts and listeners that ended, by reason.", "shape", "reason"), 2)
	exchanges := m.counter("causeway_exchanges_total", "Exchanges that a listener answered, by the class of its status.", "status")
	for class := 2; class < len(m.exchanges); class++ {
		m.exchanges[class] = exchanges.WithLabelValues(strconv.Itoa(class) + "xx")
	}
	m.casts = newCounters(m.counter("causeway_casts_total", "Messages that listeners of one-way and event relays got or missed: delivered, or the code of why not.", "outcome"), 1)
	m.actions = newActionCounter(m.counter("causeway_actions_total", "SOAP exchanges that a listener answered, by their action.", "action"))
	m.refused = m.counter("causeway_refused_total", "Parties that were turned away, by reason.", "door", "reason")
	m.offers = newCounters(m.counter("causeway_offers_total", "What became of offers to listeners.", "outcome"), 1)
	m.handshakes = m.counter("causeway_tls_errors_total", "TLS handshakes that failed.", "door")
	if g.cfg.Metrics.PerEntity {
		m.entities = m.counter("causeway_entity_bytes_total", "Payload bytes of ended streams and exchanges by entity.", "entity", "direction")
	}
	m.stages = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "causeway_stage_seconds", Help: "Time from arrival until a station of the road was passed.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9), // 0.5 ms to 33 s: a set-up to the accept window
	}, []string{"stage"})
	for i, name := range stageNames {
		m.stage[i] = m.stages.WithLabelValues(name)
	}
	m.registry.MustRegister(m.stages, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.gauges(g)
	return m
}

func (m *meter) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

// gauges are pictures taken at the scrape.
func (m *meter) gauges(g *Gateway) {
	gauge := func(name, help string, labels prometheus.Labels, read func(relay.Counts) float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels},
			func() float64 { return read(g.relay.Counts()) }))
	}
	total := func(direction string, read func(relay.Counts) float64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(
			prometheus.CounterOpts{
				Name: "causeway_bytes_total", Help: "Payload bytes relayed.", ConstLabels: prometheus.Labels{"direction": direction},
			},
			func() float64 { return read(g.relay.Counts()) }))
	}
	m.registry.MustRegister(newListenerGauge(g, m))
	for _, kind := range entity.Kinds() {
		gauge("causeway_streams", "Streams of this node that run or wait for their listener.", prometheus.Labels{"kind": string(kind)},
			func(c relay.Counts) float64 { return float64(c.Kinds[kind]) })
	}
	gauge("causeway_pending", "Rendezvous that wait for their listener.", nil, func(c relay.Counts) float64 { return float64(c.Pending) })
	total("in", func(c relay.Counts) float64 { return float64(c.In) })
	total("out", func(c relay.Counts) float64 { return float64(c.Out) })
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "causeway_nodes", Help: "Live nodes as this one sees them."},
			func() float64 { return float64(len(g.bus.Nodes())) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "causeway_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": Version},
		}, func() float64 { return 1 }),
	)
	if g.certs != nil {
		m.registry.MustRegister(prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{Name: "causeway_certificate_expiry_seconds", Help: "End of the https door's certificate, Unix time."},
			func() float64 { return float64(g.certs.NotAfter().Unix()) }))
	}
}

// cast notes what became of a message for n listeners.
func (m *meter) cast(outcome string, n int) { m.casts.of(outcome, "").Add(float64(n)) }

// stageNames are the values of the label stage, in the order of the road.
var stageNames = [...]string{"admit", "resolve", "offer", "meet", "first"}

// closed notes a connection that has ended.
func (m *meter) closed(c *relay.Record) {
	m.closedBy.of(c.Shape, string(c.Reason)).Inc()
	switch c.Shape {
	case "stream", "cast":
	case "exchange":
		m.exchanges[min(max(2, c.Status/100), 5)].Inc() // the relay has checked that it is one of them
		m.actions.count(c.Action, c.Status)
	default:
		return
	}
	s := &c.Stages
	for i, took := range [...]time.Duration{s.Admit, s.Resolve, s.Offer, s.Meet, s.First} {
		if took > 0 {
			m.stage[i].Observe(took.Seconds())
		}
	}
	if m.entities != nil && c.Within == "" { // those of an exchange within a stream are the stream's
		label := m.label(c.Entity)
		m.entities.WithLabelValues(label, "in").Add(float64(c.In))
		m.entities.WithLabelValues(label, "out").Add(float64(c.Out))
	}
}

// label is the entity itself for the first thousand.
func (m *meter) label(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.known[name] {
		if len(m.known) >= maxEntities {
			return otherEntity
		}
		m.known[name] = true
	}
	return name
}
