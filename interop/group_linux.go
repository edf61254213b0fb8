package interop

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// ownGroup has the program lead a process group, so that a browser's helpers end with it, and die when the test binary
// dies without clean-up, as it does at go test's time limit.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup ends a program and what it started.
func killGroup(p *os.Process) error {
	if err := syscall.Kill(-p.Pid, syscall.SIGKILL); errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	} else if err != nil {
		return err
	}
	return nil
}

// stops reports whether a signal stops who gets it.
func stops(s os.Signal) bool { return s == syscall.SIGSTOP }

// stopped reports whether each thread of a process stands still (proc_pid_stat(5): T behind the name in brackets), or has ended.
func stopped(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, thread := range threads {
		stat, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		if behind := stat[bytes.LastIndexByte(stat, ')')+1:]; !bytes.HasPrefix(behind, []byte(" T")) {
			return false
		}
	}
	return true
}
