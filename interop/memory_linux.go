package interop

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Memory reads a figure of the process that was started, in bytes: VmRSS, VmHWM, RssAnon and others of proc_pid_status(5). What the
// process started itself does not count.
func (p *Program) Memory(field string) int64 {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		p.t.Fatal(err)
	}
	n, err := figure(string(text), field)
	if err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
	return n
}

// figure finds a line "field: number kB", and gives it in bytes.
func figure(status, field string) (int64, error) {
	for line := range strings.Lines(status) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("memory: %w", err)
			}
			return kib << 10, nil
		}
	}
	return 0, fmt.Errorf("no %s of the process", field)
}

// Steady runs something, and fails the test where a program needed more than most bytes at its peak above what it had before.
func Steady(t testing.TB, programs map[string]*Program, most int64, run func()) {
	t.Helper()
	before := make(map[string]int64)
	for name, p := range programs {
		if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID()), []byte("5"), 0o200); err != nil {
			t.Fatal(err) // the peak begins anew
		}
		before[name] = p.Memory("VmRSS")
	}
	run()
	for name, p := range programs {
		peak := p.Memory("VmHWM")
		t.Logf("%s: %d MiB before, %d MiB at the most", name, before[name]>>20, peak>>20)
		if peak-before[name] > most {
			t.Errorf("%s grew by %d MiB", name, (peak-before[name])>>20)
		}
	}
}
