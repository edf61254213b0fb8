// Package capture gives tests the recorded HTTP exchanges of WCF stacks (soap/testdata/captures), and changes their messages
// as a relay does, byte by byte outside of the changed headers.
//
// It owns how recordings are read and what is changed; the stories that put the result before real stacks live in mono and
// dotnet beside it. Only tests import it, from the test's own goroutine.
package capture
