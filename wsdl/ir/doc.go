// Package ir owns the lowering of a description to what programs hold: structs with fields in wire order, enumerations, lists, and the
// operations of its bindings. It is what every back end reads: the Go generator, samples, and whatever comes later; none of them looks
// at schemas again. It owns no names of any programming language.
//
// The rules:
//   - A complex type is a Struct. The content of its bases by extension stands before its own.
//   - A sequence, or a choice that occurs once, adds its elements to the struct; those of an optional sequence or of a choice are
//     optional. Which of them may stand together is kept in the content tree (Group), which readers and writers follow.
//   - A group that may repeat is one field, Items: a list of structs made of the group's content, so that order survives.
//   - An element whose declaration others may substitute is a field of a struct with one member for each.
//   - Absent, nil and empty are three things: Optional, Nillable, and an empty value.
//   - Mixed content, wildcards and xs:anyType are kept as they come.
//
// Sources: XML Schema part 1, 3.4 and 3.8; WSDL 1.1, 3.5 (how parts make a body).
//
// A Program is plain data; nobody changes it after Lower has returned it.
package ir
