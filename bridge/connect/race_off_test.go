//go:build !race

package connect_test

// small divides what heavy tests move; without the race detector it is the whole.
const small = 1
