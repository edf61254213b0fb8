// Package bundle owns the writing of a description as one document: every WSDL and schema that it imports stands in it, as WCF's
// ?singleWsdl has it, so that tools which open no second file can read it. What it means does not change; what it says does not either,
// beyond these:
//   - All schemas of a namespace become one xs:schema; includes are gone, a chameleon's names have the prefix of the namespace it took.
//   - A redefined component has its original beside it, named NAME.original.
//   - Of components that are declared twice the first stands, which is the one that the reader takes.
//   - Port types, bindings, messages and services of other WSDL namespaces are named in the main one's, since one document has one;
//     actions that WS-Addressing makes of the old namespace are then written down.
//   - Well-known schemas that something names stand in it too, XML Schema itself apart.
//
// Sources: WSDL 1.1, 2.1; XML Schema part 1 second edition, 4.2; Namespaces in XML 1.0.
//
// Bundle is a function of its argument; any goroutine may call it.
package bundle
