// Package wsa owns WS-Addressing: the headers of a message in the versions 1.0,
// August 2004 and none, endpoint references with their parameters, the rules for
// a reply, the faults, and the conversion between 1.0 and August 2004.
//
// It does not own messages (package soap), transports, or the matching of an
// address with an endpoint.
//
// Sources: WS-Addressing 1.0 core and SOAP binding; the member submission of
// August 2004; for the order of headers, the actions of faults and the version
// "none" what WCF does.
//
// All types are plain data.
package wsa
