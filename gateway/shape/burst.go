package shape

import "context"

// Burst is optional on a Sink that can hand over messages that wait for its receiver with one stroke, cheaper than one by one: a system
// call is most of what a short message costs. Deliver and DeliverAll ask ctx for its end (Done) before they wait for
// anybody: until then they may hold up others.
type Burst interface {
	Sink

	// DeliverAll hands over all of the messages, in their order, under the rules of Deliver. Each is taken by one receiver. An error is that
	// of all of them: with the mark Untaken nothing of any has left, without it any of them may have arrived.
	DeliverAll(context.Context, []*Message) error
}

// Inviter is optional on a Burst whose receiver has to be invited to open a way before messages can be handed over. Those that go to many
// need nobody who waits for it meanwhile.
type Inviter interface {
	Burst

	// Opened reports whether the way is open.
	Opened() bool
	// Invite asks the receiver to open it, for a message, and reports true if it is open by now. Otherwise then is called once, from any
	// goroutine and perhaps before Invite returns: with nil when it is open, or with why it is not, and the mark Untaken. then must not
	// block. ctx is that of the asking, not of the waiting.
	Invite(ctx context.Context, m *Message, then func(error)) (open bool)
}
