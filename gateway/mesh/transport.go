package mesh

// Transport is all that an engine has to be for Join: it moves messages between nodes. It need not be perfect. What it
// loses or turns around costs time, never truth: announcements are repaired by snapshots, tells by sending again; an ask
// or an answer that is lost ends with the asker's context.
type Transport interface {
	// Start begins delivery to r. It is called once, before the first Send.
	Start(r Receiver) error
	// Send takes b (at most MaxMessage bytes) for the node, or for every other node when to is 0. It does not wait for
	// anything: when it has no room it returns an error and the message is lost. b must not be changed afterwards.
	Send(to Num, b []byte) error
	// Close ends delivery. When it returns, no call of the receiver runs and none will come.
	Close() error
}

// Receiver is where a Transport delivers. Its methods may be called from any goroutine; messages of one node should come in
// the order they were sent, one call after the other. They return soon: no handler of a user runs inside.
type Receiver interface {
	// Receive takes one message, whoever sent it. b is the receiver's from now on.
	Receive(b []byte)
	// Lost says that the node's process has ended for certain (not: that it is silent). Its holdings go at once.
	Lost(n Num)
}

// Class tells what a message between nodes is for: hello, bye, announce, want, snapshot, ack, ask, answer, cancel, tell or
// taken; "" is no message of this version. Engines use it for metrics and tests for faults.
func Class(b []byte) string {
	if len(b) < headerBytes || b[0] != wireVersion || int(b[1]) >= len(classNames) {
		return ""
	}
	return classNames[b[1]]
}
