// Package nodedoor carries exchanges between nodes: the listener's node runs the whole of an exchange, and head and body go to it and
// back over a mesh.Link connection of the door "node". It owns the form of the heads there, the pool of connections at the sender's
// node (Pool) and what answers at the listener's (Server). It admits nobody and chooses no listener: the relay does, at the sender's
// node.
//
// A connection carries one exchange at a time as HTTP/1.1 with keep-alive (contracts section 1, "Link preface"). The message of the
// sender, or of the listener, is packed into fields: what a head says of its own framing never mixes with what a peer wrote, and every
// byte of it arrives as it was. A request is answered by a response, or by the error that the sender is to be told. Either side
// closes the connection to say that the exchange is broken: the sender has left, or the listener was lost in the middle of its body.
// The server closes nothing between exchanges before the pool does, so that no request meets a connection that is being closed.
//
// Pool.Exchange and Server.Serve may be called from any goroutine.
package nodedoor

// Name is the door's name in a preface.
const Name = "node"
