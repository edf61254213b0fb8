// Package meet owns rendezvous: two parties who find each other by a ticket. A ticket is good for one claim within its
// window; an unknown, used and expired one are the same thing to whoever shows it. A Meeting brings two parties together; an
// Expected has one seat, for a rendezvous that its maker consumes. What the parties do afterwards is not here (see relay and
// flow).
//
// Desk's methods may be called from any goroutine; a Meeting or an Expected is waited for by one.
package meet
