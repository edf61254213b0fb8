// Package describe owns the outline of a description: what services offer, what is sent, and what types are made of, as plain data
// whose JSON form is stable (docs/wsdl.md), and as a tree for people. It looks only at the model; it reads nothing and judges nothing.
//
// The outline says nothing of files' layout or of prefixes, and its types are sorted by name: two descriptions that mean the same
// have the same outline, however they are cut into documents. Package diff compares outlines, and tests compare bundles by them.
//
// Sources: WSDL 1.1; XML Schema part 1 and 2; the policy assertions that WCF writes (WS-SecurityPolicy 1.1 and 1.2, and Microsoft's of
// transport, framing and encoding).
//
// Everything here is a function of its arguments; any goroutine may call it.
package describe
