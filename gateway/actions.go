package gateway

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Bounds of the label action. A sender writes whatever it likes there, so the number of labels cannot be its to choose.
const (
	otherAction   = "other"
	maxActions    = 200 // a service has some ten operations
	maxActionText = 256 // characters
)

// actionCounter counts exchanges by the action that they asked for. An action gets a label of its own once a service has answered it
// with success, as long as there is room; everything else is counted as other. It is safe for concurrent use and allocates nothing for an
// action that it knows.
type actionCounter struct {
	vec   *prometheus.CounterVec
	other prometheus.Counter

	mu    sync.RWMutex
	known map[string]prometheus.Counter
}

func newActionCounter(vec *prometheus.CounterVec) *actionCounter {
	return &actionCounter{vec: vec, other: vec.WithLabelValues(otherAction), known: make(map[string]prometheus.Counter)}
}

// count counts one exchange with the status that a listener answered; those that have no action are not SOAP.
func (a *actionCounter) count(action string, status int) {
	if action == "" {
		return
	}
	a.mu.RLock()
	c := a.known[action]
	a.mu.RUnlock()
	if c == nil {
		c = a.learn(action, status)
	}
	c.Inc()
}

// learn gives a new action its label, or the one of the others.
func (a *actionCounter) learn(action string, status int) prometheus.Counter {
	if status/100 != 2 || len(action) > maxActionText {
		return a.other
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.known[action]
	switch {
	case c != nil:
	case len(a.known) >= maxActions:
		c = a.other
	default:
		c = a.vec.WithLabelValues(action)
		a.known[action] = c
	}
	return c
}
