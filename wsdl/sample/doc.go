// Package sample owns sample messages: for an operation of a description, a request, a response and its faults as they go over the wire,
// schema-valid wherever a finite valid message exists. It owns the choice of values and of what is written of optional and repeated
// things; it sends nothing.
//
// Samples are deterministic. Recursion ends as early as the schema allows; a type that has no finite message is an error that names it.
// What could not be honoured (a pattern nobody can satisfy, a wildcard that needs an element that is not there) is in the notes.
//
// Sources: WSDL 1.1, 3 to 5; SOAP 1.1, 4 and 5; SOAP 1.2 part 1 and 2; WS-I Basic Profile 1.1, 4.7; XML Schema part 1 and 2.
//
// A Maker may be used by one goroutine at a time; the description it reads is not changed.
package sample
