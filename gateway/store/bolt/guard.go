package bolt

import (
	"fmt"
	"runtime/debug"
)

// guard runs f, which walks pages that may be damaged, and turns what bbolt does about them into an error: it panics, or
// follows a wild page number out of its mapping, which is a fault.
func guard(f func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, r)
		}
	}()
	return f()
}
