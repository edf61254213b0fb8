// Package link carries whole connections between nodes: one TCP connection per carried thing, a preface before its bytes,
// no multiplexing and no flow control of its own. It implements mesh.Link.
//
// It owns the preface's codec (contracts section 1, "Link preface"), the door where carried connections arrive and the
// bounds on what an unknown peer can do there. It does not own what happens to a connection afterwards, nor where nodes
// are (Params.Addr) or how they are reached (Params.Dial). Nothing in the preface authenticates a node: that is mutual TLS
// in Params.Wrap. Without Wrap a TCP listener must be on a loopback address: New refuses any other, because whoever
// reaches the door is believed in what he says of his peer.
//
// Dial and Close may be called from any goroutine.
package link
