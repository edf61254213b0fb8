// Package infoset owns the one model of an XML document that all encodings of
// WCF share: tokens with names in namespaces and typed text, the grammar that
// every token stream obeys, the scope of namespace declarations, quotas and
// errors. Package xmltext and package xmlbin are its two encodings; everything
// above them (envelopes, conversion, generated code) is written against the
// [Reader] and [Writer] of this package and works with both.
//
// Words. Decode and encode are about syntax: bytes to tokens and back. Parse and
// append are about values: their lexical forms. A token stream is the tokens of
// one document: exactly one root element; before and after it comments and white
// space only. Text that lies side by side is one run of text, in as many Text
// tokens as the encoding cared to make.
//
// It does not own bytes of any encoding, envelopes, or the value types of XML
// Schema (package xsd).
//
// Sources: XML 1.0, Namespaces in XML 1.0, XML Schema part 2 for lexical forms,
// [MC-NBFX] 2.2.3 for the value types that .NET binary XML carries, and the
// reader quotas of WCF.
//
// Values and tokens that a Reader gives are views of its buffers. They live until
// the next call of Next. One goroutine uses a Reader or Writer at a time; plain
// values may be read from any goroutine.
//
// Reader, Writer, Token, Name, Attr, Decl and the methods of Value are frozen:
// generated code is built on them.
package infoset
