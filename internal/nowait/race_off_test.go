//go:build !race

package nowait_test

// raceEnabled: see the other one.
const raceEnabled = false
