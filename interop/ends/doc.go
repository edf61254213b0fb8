// Package ends has the stories of ends that die in the middle of a call: a client that aborts, a service and a connector that are killed
// (kill -9), and, of two nodes, the listener's and the sender's. Each is played over net.tcp and over HTTP, with calls of a client of
// the test's own, which sees every byte, and of .NET's where the interop kit is.
//
// What has to come of each: the other end hears of it within five seconds, by a fault, a status or a reset and never by silence; nothing stays
// on the books of any node, which the management API tells; and the next call goes through, by another listener or the service that was
// started again.
//
// Only its tests do anything. They need Mono: see interop.Need.
package ends
