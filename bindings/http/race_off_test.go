//go:build !race

package http

// raceEnabled: see the other one.
const raceEnabled = false
