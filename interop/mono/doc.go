// Package mono runs Mono's WCF as service and as client: a C# program with one set of contracts (Contracts.cs) over many
// bindings, compiled by Mono's own compiler when a test first asks for it.
//
// Beside its own contracts it has the desk that the SOAP stacks of others play (Desk.cs, interop/soap/desk), as service and as client.
//
// It owns the program's start and the little language by which tests tell it what to do (Peer.cs). What Mono can and cannot
// do is in the stories. Only tests import it, from the test's own goroutine, after interop.Need(t, "mono").
package mono
