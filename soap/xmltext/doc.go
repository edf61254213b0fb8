// Package xmltext owns XML as text: a streaming reader and a writer of the token
// model of package infoset, for SOAP. It is XML 1.0 with namespaces, in UTF-8 or
// UTF-16 (and ISO-8859-1 where a document says so), with character references,
// the five entities and CDATA sections.
//
// There is never a DTD, so no other entities; processing instructions are
// refused as SOAP demands (SOAP 1.2 part 1, 5; SOAP 1.1, 3), unless a reader of
// other documents asks to skip them. The package owns no document tree and no
// meaning of elements.
//
// Sources: XML 1.0 fifth edition, Namespaces in XML 1.0, Canonical XML 1.0; the
// escapes are the ones that WCF writes.
//
// One goroutine uses a Reader or Writer at a time. Both keep their memory over
// Reset: once the names of a vocabulary are known a token allocates nothing.
package xmltext
