// Package bodies owns the bodies of exchanges on their way between a sender and a listener of the Hybrid Connections protocol: an
// Upload, which is gathered for the control channel or flows to a rendezvous; a Reply, which the frames of a rendezvous bring; a
// Whole one of the control channel; and the buffers of messages. It does not own connections, heads, nor who is asked and how an
// exchange ends: that is hybrid/entry, which alone calls it.
//
// An Upload has one caller and a goroutine of its own, which Stop waits for; a Reply is read by one goroutine and closed by any.
// Source: Hybrid Connections reference sections 6.2, 6.3 and 8.1 to 8.4.
package bodies
