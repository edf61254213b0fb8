// Package bindings says what WCF's bindings are, as data: transport, encoder, SOAP and addressing version, session, security,
// WCF's defaults, and which relay binding takes the place of which. What is on the wire by it is other packages'.
//
// Everything here is read only and safe for all goroutines. Source: WCF wire reference sections 6 (the table, tried with
// .NET's client and CoreWCF) and 1.6, WCF relay reference sections 9 and 11 (the relay bindings).
package bindings
