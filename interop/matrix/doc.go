// Package matrix has the stories of senders and listeners that speak different things. Cells lists every kind of sender at every kind of
// listener, what is to come of it and by which programs; the tests play each on one node and on two, and docs/matrix.md is made of what
// they record (make matrix). Desks go deeper where WCF bindings are converted: SOAP 1.1 clients of others at a net.tcp service of Mono's,
// and Mono's net.tcp client at SOAP 1.1 services of others, with every data type of the desk (interop/soap/desk), headers, faults and
// one-way calls.
//
// Only tests and the command interop/table import it. The tests need Mono, PHP, Node, curl and nc: see interop.Need. What one binding
// loses to another by design is in package convert and docs/convert.md, not here.
package matrix
