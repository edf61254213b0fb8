//go:build !race

package leg_test

// raceEnabled: see the other one.
const raceEnabled = false
