// Package desk is one small contract (desk.wsdl) from our side: a service and a client made of packages soap, encoder, mtom,
// wsa and wssec, for stories with SOAP stacks of others. Strings, numbers, times, bytes, lists, nil, faults and headers go
// both ways, in SOAP 1.1, 1.2 and MTOM, and both ends check what they get.
//
// Whether a gateway stands between is the story's business: the client takes any address, the service has one to relay to.
// Only tests import it; the service runs on goroutines of its own, all else belongs to the test's.
package desk
