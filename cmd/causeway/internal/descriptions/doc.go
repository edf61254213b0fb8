// Package descriptions holds the commands that read service descriptions (WSDL): check, describe, sample, diff, bundle and go. It owns flags, where
// documents come from (files, URLs, a catalogue) and what is printed; reading is wsdl/load, what is said wsdl/{check,describe,sample,diff}, code wsdl/gengo.
//
// cmd/causeway joins the commands to its tree; each runs once, in the goroutine that executes the command line.
package descriptions
