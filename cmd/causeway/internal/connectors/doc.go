// Package connectors holds the commands that join programs to relays from the outside: listen and forward run connectors of
// the command line or of a file, azbridge those of azbridge's own options and files, and import writes them as a
// causeway.yaml. It owns flags, signals, what is printed and when a run ends; connectors are bridge/connect, the grammar of
// azbridge is bridge/azbridge.
//
// cmd/causeway joins the commands to its tree; each runs once, in the goroutine that executes the command line, until it is
// told to end.
package connectors
