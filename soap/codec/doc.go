// Package codec owns how typed values are read from and written to the tokens of package infoset, by tables that say how a type's
// content may stand: what generated code and interpreters of descriptions share. One table, whether the document is text, binary XML or
// MTOM.
//
// A struct gives its Model and four small methods; the package does the rest: it finds the field for each child, keeps count, knows choices
// and repeated groups, writes fields in wire order with the right namespaces, and says what is wrong.
//
// Writing is strict: a value that its schema does not allow is an error that names the place, and so is a choice with two branches.
// Reading is lenient unless Strict is set: unknown, misplaced and duplicate elements, missing ones and second branches are told to Report,
// and what can be kept is kept. A value that is none of its type is an error always.
//
// The package owns no names of generated types, no envelopes (package soap) and no transport.
//
// Sources: XML Schema part 1 second edition, 2.6 (xsi attributes), 3.8 (content models), and SOAP 1.1, 5 for encoded messages.
//
// A Decoder or Encoder belongs to one goroutine. Models and Codecs are read only and may be shared.
package codec
