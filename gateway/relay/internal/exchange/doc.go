// Package exchange owns the life of one exchange at one node: the context that bounds it, the two bodies in the relay's hands, the
// time that its listener may take, and how it ended. It does not know who may send or listen, nor where: that is the relay's, which is
// its only caller and keeps the account.
//
// Sources: Hybrid Connections reference sections 5.1, 8.4 and 8.6. A Life is run by one goroutine up to its response; the bodies
// are read by whoever sends them on; Cancel, and Close of either body, may come from any goroutine.
package exchange
