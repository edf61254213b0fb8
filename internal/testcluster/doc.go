// Package testcluster runs whole nodes inside a test: real gateways with real doors on loopback, joined by the memory mesh
// and its links, with switches that break things. Only tests import it, and the demo's logic does not.
//
// A Cluster's methods are called from the test's goroutine.
package testcluster
