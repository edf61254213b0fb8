package bolt

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A process that is killed loses nothing of what it wrote: the kernel keeps it. So a test that only kills cannot tell a
// store that syncs from one that does not. This file is the missing disk: the kernel tells the writer process of its own
// fsync and fdatasync calls before it does them (seccomp user notification), and at each the file is copied to the
// disk folder. What is in the copy is what a power cut at that moment would leave at the least.

// notif is struct seccomp_notif of the kernel, reply struct seccomp_notif_resp.
type notif struct {
	ID    uint64
	PID   uint32
	Flags uint32
	Nr    int32
	Arch  uint32
	IP    uint64
	Args  [6]uint64
}

type reply struct {
	ID    uint64
	Val   int64
	Error int32
	Flags uint32
}

// watchSyncs has synced called before every fsync and fdatasync of this process takes effect, with the file's path. It
// cannot be undone.
func watchSyncs(synced func(path string) error) error {
	listener, err := installFilter()
	if err != nil {
		return fmt.Errorf("install the seccomp filter: %w", err)
	}
	go func() { // lives as long as the process, which is killed
		for {
			if err := serveSync(listener, synced); err != nil {
				fmt.Fprintln(os.Stderr, "serve a sync:", err)
				os.Exit(3)
			}
		}
	}()
	return nil
}

func serveSync(listener uintptr, synced func(path string) error) error {
	var n notif
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, listener, unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&n))); errno != 0 {
		if errno == unix.EINTR || errno == unix.ENOENT { // the call was interrupted and comes again
			return nil
		}
		return errno
	}
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", n.Args[0]))
	if err != nil {
		return err
	}
	if err := synced(path); err != nil {
		return err
	}
	r := reply{ID: n.ID, Flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, listener, unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&r)))
	if errno != 0 && errno != unix.ENOENT {
		return errno
	}
	return nil
}

// installFilter puts a filter on all threads that reports fsync and fdatasync, and gives the descriptor that hears of them.
func installFilter() (uintptr, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, err
	}
	const load, equal, ret = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	program := []unix.SockFilter{
		{Code: load, K: 0}, // the number of the system call
		{Code: equal, Jt: 2, K: unix.SYS_FDATASYNC},
		{Code: equal, Jt: 1, K: unix.SYS_FSYNC},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
		{Code: ret, K: unix.SECCOMP_RET_USER_NOTIF},
	}
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	const flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(program)
	if errno != 0 {
		return 0, errno
	}
	return fd, nil
}

// imager copies the state file to the disk folder each time it is synced: whole or not at all.
func imager(live, disk string) func(path string) error {
	return func(path string) error {
		if !strings.HasSuffix(path, "/"+stateFile) {
			return nil
		}
		b, err := os.ReadFile(live)
		if err != nil {
			return err
		}
		if err := os.WriteFile(disk+".new", b, 0o600); err != nil {
			return err
		}
		return os.Rename(disk+".new", disk)
	}
}
