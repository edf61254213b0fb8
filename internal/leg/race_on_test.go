//go:build race

package leg_test

// raceEnabled: the race detector makes pools forget now and then, so that what they make anew is not counted.
const raceEnabled = true
