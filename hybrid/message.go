package hybrid

import (
	"context"

	"github.com/causeway-relay/causeway/hybrid/internal/receiver"
)

// Message is one message that was sent to a one-way or an event relay: its sender's words and its Data, f's to keep. That has at most 64 KiB,
// or as much as the gateway was told to take (limits.castMessage), 1 MiB at the most.
type Message = receiver.Message

// WithReceiver has the listener receive the messages of a one-way or event relay: f is called for one after the other, in the order of
// their sending. nil says that the message was taken; an error that it was not, and of a one-way relay no other listener gets it then. The
// gateway waits for f before it sends the next, keeps up to 256 messages meanwhile, and counts as missed what finds no room. ctx
// ends when the gateway gives the message up, or when Close has waited for long enough.
//
// With it a listener still answers HTTP requests by its exchanger, and accepts connections. Without it messages come on a connection that
// the listener accepts, one WebSocket message each, and are not acknowledged.
func WithReceiver(f func(ctx context.Context, m *Message) error) ListenOption {
	return listenOption(func(s *listenSettings) { s.receiver = f })
}
