//go:build !race

package shop_test

// raceEnabled: see the other one.
const raceEnabled = false
