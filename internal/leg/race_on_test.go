//go:build race

package leg_test

// raceEnabled: the race detector makes pools forget now and then, so that nothing is to be counted.
const raceEnabled = true
