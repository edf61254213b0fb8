// Package descriptions holds the commands that read service descriptions (WSDL): go writes a Go package of one. It owns flags, where
// documents come from (files, URLs, a catalogue) and what is printed; reading is wsdl/load, code is wsdl/gengo.
//
// cmd/causeway joins the commands to its tree; each runs once, in the goroutine that executes the command line.
package descriptions
