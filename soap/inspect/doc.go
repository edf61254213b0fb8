// Package inspect owns what people see of SOAP on the wire: it takes bytes in
// any of their forms and gives readable XML with a summary, turns XML into the
// binary forms, and compares documents as infosets. It is the logic of
// "causeway soap decode, encode, diff".
//
// It finds out by the bytes whether they are raw or a hex dump, bare or in an
// HTTP message or a net.tcp stream, text or binary, compressed or not. The
// reader of net.tcp records here only looks; package bindings/framing owns the
// protocol. All of it works on bytes in memory: no I/O, no clock.
//
// Sources: [MC-NMF] 2.2 for records, [MC-NBFSE] for sessions, SOAP 1.1 and 1.2,
// WS-Addressing 1.0 and August 2004 for the summary.
//
// Every function may be called from any goroutine.
package inspect
