// Package xsd owns the simple types of XML Schema part 2 that Go has no type for,
// as generated code and the SOAP layers use them: dates and times with and without
// zone, durations, decimals and integers of any size, qualified names, binary
// data, wildcards, and the two ways of not being there ([Opt], [Nillable]).
//
// Every type keeps the lexical form that it was read from: what is read and
// written again is the same text, even where several forms mean one value. A type
// reads itself from an infoset.Value with FromValue and gives itself as one with
// Value; that is a typed value where .NET binary XML has a record for exactly this
// text, else text.
//
// It does not own facets (ranges, patterns: the WSDL generator writes those) or
// the built-in types that are Go's own: bool, integers to 64 bits, float, string.
//
// Sources: XML Schema part 2 second edition, 3.2 and 3.3; year 0000 and 24:00:00
// as in version 1.1. Values are plain data and may be read from any goroutine.
package xsd
