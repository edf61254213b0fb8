// Package relays holds the commands that make, show and change what a gateway keeps: relays, authorization rules and their
// keys, and the tokens that these sign. All but 'token check' ask the management API (docs/api.md) by gateway/manage/client,
// which owns the wire; flags, checks before a question is asked and what is printed are here.
//
// cmd/causeway joins the commands to its tree; each runs once, in the goroutine that executes the command line.
package relays
