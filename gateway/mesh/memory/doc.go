// Package memory joins nodes of one process to a mesh: mesh.Bus by queues in memory, mesh.Link by mesh/link over whatever
// listeners and dial functions it is given. The demo runs two nodes on it, tests any number.
//
// It owns the moving of messages and the switches that break it: partition, kill, delay, and per class of message losing,
// keeping back and turning round. It owns nothing of the announcing protocol: that is mesh.Member, as over every engine.
//
// Links are not authenticated: their listeners must be loopback or in memory, which mesh/link checks. Methods of Net may be
// called from any goroutine. Every goroutine belongs to a node and has ended when its Bus is closed.
package memory
