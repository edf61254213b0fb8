// Package framing owns .NET message framing ([MC-NMF]): the records that WCF peers exchange on one stream of bytes, what
// may follow what, and the faults. Decoder reads the records of one direction, cut anywhere; the Append functions write
// them; Session holds the rules of both roles in one table of (role, state, record).
//
// For a gateway that passes a stream on there are ParsePreamble, whose Preamble is replayed byte for byte or with another
// Via, and Passage, which finds where one session of a client ends and the next begins, behind upgrades it cannot see into
// too. Rewriter joins the three: the same bytes with other Vias.
//
// It does not own what is in an envelope (soap), any connection, or time: preambles that take too long are the caller's to
// end. Nothing here may be shared between goroutines. Sources: [MC-NMF] 2.2 and 3; WCF wire reference sections 1, 5 and 13
// (the defaults of the limits are those of WCF's own listeners).
//
//go:generate go test -run ^TestDiagram$ -update .
package framing
