//go:build race

package connect_test

// small divides what heavy tests move: the race detector makes each byte many times as dear.
const small = 16
