// Package limit owns what bounds the gateway on behalf of the relay and of the entries: counted slots for all (Gate) and
// for each source address (PerSource), the delay of refusals to listeners that storm (Delays) and the count of wrong
// tickets (Guesses). It says how many and how long; callers refuse, wait and name the reason.
//
// Every table has a bound of its own, so that no peer can make it grow. Time is a parameter. Everything here is safe for
// concurrent use and allocates nothing once warm.
//
// Sources: Hybrid Connections reference sections 6.5 (delay rule) and 9 (limits); contracts section 1 (tickets) and
// section 3 (limits of the configuration).
package limit
