// Package fail owns the reasons for which something is refused, ends or breaks: the codes, whose fault each is, whether
// trying again helps, and the text for people. It knows nothing of protocols: each entry has an errors.go that turns a
// code into its wire form, and a test there ranges over Codes.
//
// A code has one spelling everywhere: in Go, in log lines, as metric label, in the header Causeway-Error and in
// docs/errors.md. Values are immutable once made and may be shared between goroutines.
package fail
