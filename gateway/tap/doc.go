// Package tap lets an operator look at what passes a relay while it passes: the heads and bodies of exchanges, the pieces of streams, the
// messages of casts. It owns who looks at what (Board), what one who looks is shown (Record), and the bounds: how much of a body is
// shown, how many records may wait for a slow watcher, how many may look at a time.
//
// It never makes traffic wait: a record that finds its watcher's queue full is dropped, and the next one says how many were. It shows no
// credentials of the relay: the values of header fields that carry them, the tokens in targets, and the text of elements of WS-Security
// in text XML are masked before a record is made, see Mask. What a binary encoding holds, and what applications do in their own formats,
// is shown as it is; the reader masks after decoding.
//
// It does not own rights (the management API asks for Manage), other nodes (each node shows the traffic of its own senders), or the
// meaning of what is shown (the command decodes).
//
// While nobody looks a lookup is one atomic load. The relay calls Board.Of and the methods of Group from the goroutines of the traffic;
// everything here may be called from any goroutine.
package tap
