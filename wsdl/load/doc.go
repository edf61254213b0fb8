// Package load reads a WSDL 1.1 description with everything it imports into a model: documents, then shells of all components,
// then their contents, so that circular references need no care. It owns the reading of documents (encodings, limits, places), the
// finding of imported ones, the well-known schemas that come with it, and the repairs that it reports. It opens nothing itself: a
// Source does, and decides what may be opened.
//
// Reading is lenient: what cannot be resolved is left out or replaced by xs:anyType, with a Problem that names place and remedy.
// Only a main document that is no WSDL, or a limit, ends in an error.
//
// There is never a DTD with entities, an external entity, or a file that the Source did not give.
//
// Sources: WSDL 1.1; XML Schema part 1 second edition, 4.2 (include, redefine, import); WS-Policy 1.5; WS-Addressing WSDL binding.
package load
