// Package relay owns the road between a listener and a sender: admit, resolve, offer, meet, answer, flow, close. It is
// the only door of the core: entries say what they want, the relay decides whether, where and how long. It never asks
// which protocol it serves.
//
// Every method of Relay may be called from any goroutine. A Stream runs on its caller's goroutine and one more.
// Sources: the nine documented steps of the service (Hooks.Step names them); Hybrid Connections reference sections 4.6,
// 5.1, 6.5, 6.6 and 7.
package relay
