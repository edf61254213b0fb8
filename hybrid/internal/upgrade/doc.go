// Package upgrade lets what speaks as a web server speaks to a WebSocket client answer a sender: a handler that hijacked its
// connection, or a server behind one. What is written is the head of an answer and, behind a 101, a server's frames; they leave
// as a client's frames on the rendezvous. What is read are the sender's frames, as a client's.
//
// It does not own the decision what a head means to the sender: Params.Accept and Params.Reject are asked.
//
// Frames pass one by one and piece by piece, neither gathered nor cut; pings and pongs among them, which the gateway answers
// itself. Nothing of a message is kept but the header of its frame.
//
// A Conn is read by one goroutine and written by one other, like a connection; Close and deadlines may come from any.
//
// Sources: RFC 6455 sections 4.2 and 5; Hybrid Connections reference section 7.
package upgrade
