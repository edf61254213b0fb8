// Package meshtest is the conformance suite of the mesh: what every engine's Bus and every Link must do, row by row, with
// the faults that each promise has to survive. mesh/memory runs it; an engine over a network runs the same rows.
//
// It owns the rows and the interface of the switches (Net, Links), not the switches: an engine brings its own, because only
// it knows where its messages pass. Its own tests run every row against engines that are broken on purpose and fail if the
// row does not notice. Only tests import it.
package meshtest
