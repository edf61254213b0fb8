// Package cast owns the queue that stands in front of each listener that takes messages: its bounds, its order, and what becomes of a
// message that finds no place in it.
//
// Policies, by their names. 'Newest missed': a message to all listeners that finds a queue full is missed by that listener, which is
// counted; what waits already stays. 'Next listener': a message to one listener that finds a queue full, or that waits in it for longer
// than Patience, is taken back and goes to the next; nothing of it has left. So nobody waits for a slow receiver but those who
// send to it alone, and they for Patience.
//
// Queues have no goroutines of their own: the Crew of a node goes from one to the next, as many as there are processors, besides those that
// wait for a listener.
//
// It does not own who listens (route), how a message leaves (shape.Sink), nor the counts (relay). A Queue may be used from any goroutine.
// Source: core-interfaces.md 'Back-pressure'; WCF relay reference section 11.4.
package cast
