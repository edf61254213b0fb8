// Package tape owns tokens that are kept in memory: a Writer that records them and
// a Reader that plays them. What was recorded and is played is the same document,
// typed values and marks for dictionaries included.
//
// It does not own what the tokens mean (package soap). One goroutine uses a
// Recorder or Player at a time; recorded tokens are not changed and may be played
// by many at once.
package tape
