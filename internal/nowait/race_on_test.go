//go:build race

package nowait_test

// raceEnabled: the race detector allocates for itself.
const raceEnabled = true
