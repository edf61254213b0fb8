package service

import (
	"fmt"
	"os"
	"path/filepath"
)

// maxLog is when a log is put aside at the start of a service; one is kept.
const maxLog = 10 << 20

// LogFile is where a Windows service writes what it has to say, for it has no window. %ProgramData% is the machine's.
func LogFile(name string) string {
	base := os.Getenv("PROGRAMDATA")
	if base == "" {
		base = `C:\ProgramData`
	}
	return filepath.Join(base, "causeway", name+".log")
}

// openLog opens a log to write at its end. One that has grown long is put aside first.
func openLog(file string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	if info, err := os.Stat(file); err == nil && info.Size() > maxLog {
		_ = os.Rename(file, file+".1") // a log that cannot be moved goes on
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	return f, nil
}
