// Package presence holds stories about listeners that die without a word: one that never dials, one whose process is stopped by
// SIGSTOP, one whose network cable is cut (a veth pair into a network namespace; root on Linux), and one that is only slow. The
// listeners are processes of their own, made of the Go API; the periods of the gateway are short.
package presence
