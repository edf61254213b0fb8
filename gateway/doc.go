// Package gateway is the composition root: it builds one node from a configuration, binds its doors, wires entries to the
// core and ends everything in order. It owns no rule of business.
//
// New checks and binds, Run serves until its context ends, Shutdown drains in the order that its comments argue, Close is
// now. A Gateway is used once.
package gateway
