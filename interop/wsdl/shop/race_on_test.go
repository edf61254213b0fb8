//go:build race

package shop_test

// raceEnabled: the race detector makes pools forget now and then, so that nothing is to be counted.
const raceEnabled = true
