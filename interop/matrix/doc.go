// Package matrix has the stories of connectors between programs that speak different WCF bindings: SOAP 1.1 clients of others at a net.tcp
// service of Mono's, and Mono's net.tcp client at SOAP 1.1 services of others. What each says is compared with what it says where both
// speak the same: every data type of the desk (interop/soap/desk), headers, faults and one-way calls.
//
// Only its tests do anything. They need Mono, PHP and Node: see interop.Need. What one binding loses to another by design is in
// package convert and docs/convert.md, not here.
package matrix
