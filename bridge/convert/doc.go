// Package convert turns a message of one WCF binding into one of another, and the answer back: text and .NET binary XML (with
// the dictionaries of a session), SOAP 1.1 and 1.2 with their faults, WS-Addressing 1.0, August 2004 and none, MTOM and inline
// base64, one-way and two-way, exchanges and the messages of a framing session.
//
// It is pure: bytes and values in and out. Bodies go token by token from the reader of one encoding to the writer of the other, and
// no document is ever held as a tree; the head of a message is, within soap.Limits. A message is given out when it was converted to
// its end, never in part, so nothing is half delivered.
//
// A converter is a SOAP intermediary (SOAP 1.2 part 1, 2.7): header blocks for the next node that must be understood and are not are
// refused, other blocks go on to the service. What cannot go on with its meaning is refused with a fault that names the reason:
// signatures and encryption, reliable sessions, answers to another address than the sender's, contracts that call back. A message that
// is in the service's binding already is no business of an intermediary: it is said to pass as it is (Call.Same), signed or not.
//
// It does not own records of framing (bindings/framing), connections and HTTP (bridge/connect), nor which bindings there are in WCF
// (bindings). Sources: WCF wire reference sections 3, 4, 7, 8, 11 and 15; SOAP 1.1; SOAP 1.2; WS-Addressing.
//
// A Converter may be shared. A Call and a Session belong to one goroutine at a time.
package convert
