// Package rewrite changes, adds and strips header blocks of a SOAP message by
// offsets, in text and in .NET binary XML, while the body streams past: it looks
// at the head only, says when it has seen enough of it, and gives the new head as
// pieces that are the very bytes of the old one except where something changed.
// Nothing is decoded and encoded again, so signatures over what did not change
// hold.
//
// It owns where envelope, header, blocks and body begin and end, and the bytes of
// what is added. It does not own messages (package soap) and checks no more of
// XML than it takes to find those places beyond doubt: tags that fit, quotes,
// comments, sections, prefixes of the outer elements, one Header. The receiver
// checks the rest. DTDs and processing instructions are refused.
//
// In a multipart message the envelope is scanned from where the content of its
// part begins; what lies before and behind goes on as it is. A compressed message
// must be inflated first.
//
// Sources: SOAP 1.1, 4; SOAP 1.2 part 1, 5; XML 1.0 and Namespaces in XML 1.0;
// [MC-NBFX] 2.2.
//
// One goroutine uses a Scanner at a time. It keeps its memory over Reset: a message
// allocates nothing unless blocks are added, or the text is UTF-16.
package rewrite
