// Package rpc owns how typed calls become SOAP messages over HTTP and back: the runtime of code that `causeway wsdl go` writes.
//
// A Client sends; a Handler is an http.Handler that dispatches to functions. Both work from descriptions of operations (Operation,
// codec.Document), which are static data in generated code. The package owns envelopes' way over HTTP: SOAP 1.1 and 1.2 as text, .NET
// binary XML, MTOM, SOAPAction and the action parameter, gzip, WS-Addressing where a binding asks for it, a UsernameToken, faults as Go
// errors, limits. It does not own the reading and writing of values (soap/codec), nor signatures or encryption of messages: an
// Interceptor may do those.
//
// Sources: SOAP 1.1, 6; SOAP 1.2 part 2, 7; WS-I Basic Profile 1.1; WS-Addressing 1.0 SOAP binding; UsernameToken Profile 1.1.
//
// A Client and a Handler may be used by many goroutines at a time. A call blocks the goroutine that makes it, and starts none.
package rpc
