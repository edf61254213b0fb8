package bolt

import "os"

// syncDir has nothing to do: NTFS logs names by itself, and a directory cannot be flushed.
func syncDir(string) error { return nil }

// abandon closes a file; its lock ends with the handle.
func abandon(f *os.File) { _ = f.Close() }
