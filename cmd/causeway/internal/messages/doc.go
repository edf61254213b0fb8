// Package messages holds the commands that need no gateway and look at what WCF sends: soap decodes, encodes and compares
// messages, bindings tells what each binding is on the wire. It owns input, flags and what is printed; messages are
// soap/inspect, the table is package bindings.
//
// cmd/causeway joins the commands to its tree; each runs once, in the goroutine that executes the command line.
package messages
