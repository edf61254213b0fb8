// Package events owns the log of what happened on all nodes: listeners that come and go, relays that are made and deleted,
// limits, certificates. It keeps the newest Kept events in memory, tells other nodes of this one's, and lets watchers follow.
//
// Policy for slow watchers: a watcher has no queue of its own, it reads the log at its own pace. One that falls behind by more
// than Kept events is ended (ErrBehind) and may come back with the id that it saw last. Policy between nodes: what cannot be
// told within a second, or waits behind QueueBound others, is not told; the node where it happened has it.
//
// Methods may be called from any goroutine; Publish and Add never wait. A Watcher is for one goroutine. Source: contracts section 4.
package events
