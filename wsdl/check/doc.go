// Package check owns the judgement of a description: everything that is wrong with it or that peers are known to stumble over, each with
// its place and what to do about it, and which operations are lost. It adds to what the reader found (model.Description.Problems); it
// changes nothing.
//
// Levels: an error says that the thing named cannot be used; a warning that some peers refuse it or read it otherwise; a note what
// people may want to know. docs/wsdl.md lists the codes.
//
// Sources: WS-I Basic Profile 1.1 (its requirements are named Rnnnn in the texts); WSDL 1.1; XML Schema part 1 and 2; what real tools do
// with real descriptions.
//
// Check is a function of its argument; any goroutine may call it.
package check
