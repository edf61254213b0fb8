// Package flow owns the pump: two legs joined, batch by batch, until both directions have ended, a limit struck or the
// stream was ended from outside. It queues nothing and asks no leg what protocol it speaks; back-pressure is a Write that
// blocks. Meeting, admission and records are not here (see relay).
//
// Join runs on the caller's goroutine and one more. Nothing is allocated per batch.
// Source: Hybrid Connections reference section 7 (half-close and close).
package flow
