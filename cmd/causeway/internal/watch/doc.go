// Package watch holds the commands that look and change nothing: status is one picture, top what runs now, tail what happens,
// doctor why something cannot be reached. The first three show what the management API tells (docs/api.md); the checks of
// doctor are bridge/doctor's, those of a node's own settings and doors are here.
//
// cmd/causeway joins the commands to its tree; each runs once, in the goroutine that executes the command line, until it is
// done or interrupted.
package watch
