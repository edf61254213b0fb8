// Package gengo owns how a program of package ir is written as Go: names by fixed rules, types with doc comments, and for each type a
// codec over package soap/codec. It owns no reading of descriptions and no runtime.
//
// The output is gofmt'd and the same for the same input: it depends on no file path, no order of maps and no time. The names are decided
// in one pass over all types in document order before anything is written.
//
// What the Go types mean: a required value is plain, an optional one a pointer, a repeated one a slice, one that may be nil an
// xsd.Nillable; structs are pointers. A value whose type others derive from is an interface, AnyName. A choice is a set of optional fields of
// which the encoder takes one branch; a repeated group is a slice, Items, so that order survives.
package gengo
