package main

import "syscall"

// ownCPU is the CPU seconds of this process: load and target. /proc counts in hundredths, which is too coarse for it.
func ownCPU() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
