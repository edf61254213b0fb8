package shape

import "context"

// Burst is optional on a Sink that can hand over messages that wait for its receiver with one stroke, cheaper than one by one: a system
// call is most of what a short message costs.
type Burst interface {
	Sink

	// DeliverAll hands over all of the messages, in their order, under the rules of Deliver. Each is taken by one receiver. An error is that
	// of all of them: with the mark Untaken nothing of any has left, without it any of them may have arrived.
	DeliverAll(context.Context, []*Message) error
}
