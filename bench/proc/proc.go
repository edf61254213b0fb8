// Package proc owns what /proc says of processes: CPU time, memory, descent. It is Linux only; elsewhere everything is 0. A
// process that has ended counts as nothing.
package proc

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
)

// tick is USER_HZ, which is 100 on every Linux: the unit of CPU times in /proc.
const tick = 100

// stat is what is used of /proc/PID/stat.
type stat struct {
	parent int
	cpu    float64 // seconds, user and system, waited-for children included
}

// parseStat reads it by proc(5). The name stands in brackets and may hold anything.
func parseStat(b []byte) (s stat, ok bool) {
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return stat{}, false
	}
	f := strings.Fields(string(b[i+1:])) // from the third field on
	if len(f) < 15 {
		return stat{}, false
	}
	parent, err := strconv.Atoi(f[1])
	if err != nil {
		return stat{}, false
	}
	for _, text := range f[11:15] { // utime, stime, cutime, cstime
		ticks, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return stat{}, false
		}
		s.cpu += ticks / tick
	}
	s.parent = parent
	return s, true
}

func statOf(pid int) (stat, bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, false
	}
	return parseStat(b)
}

// Tree is the processes and all their descendants.
func Tree(roots ...int) []int {
	if len(roots) == 0 {
		return nil
	}
	return descend(roots, parents())
}

func descend(roots []int, parents map[int]int) []int {
	in := map[int]bool{}
	all := make([]int, 0, len(roots))
	for _, pid := range roots {
		in[pid] = true
		all = append(all, pid)
	}
	for grew := true; grew; {
		grew = false
		for pid, parent := range parents {
			if in[parent] && !in[pid] {
				in[pid], grew = true, true
				all = append(all, pid)
			}
		}
	}
	return all
}

// parents maps every live process to its parent.
func parents() map[int]int {
	m := map[int]int{}
	for pid, s := range stats() {
		m[pid] = s.parent
	}
	return m
}

// stats reads every live process.
func stats() map[int]stat {
	m := map[int]stat{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return m
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if s, ok := statOf(pid); ok {
			m[pid] = s
		}
	}
	return m
}

// CPU is the seconds that processes have used, user and system.
func CPU(pids []int) float64 {
	sum := 0.0
	for _, pid := range pids {
		if s, ok := statOf(pid); ok {
			sum += s.cpu
		}
	}
	return sum
}

// Memory is the anonymous resident memory of processes in MiB: heaps and stacks, and not the program text, which processes
// of one binary share and the kernel may drop.
func Memory(pids []int) float64 {
	sum := 0.0
	for _, pid := range pids {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
		if err != nil {
			b, err = os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
		}
		if err == nil {
			sum += anonymous(b)
		}
	}
	return sum
}

// anonymous reads smaps_rollup or status, in MiB.
func anonymous(b []byte) float64 {
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "Pss_Anon:" && f[0] != "RssAnon:" {
			continue
		}
		if kib, err := strconv.ParseFloat(f[1], 64); err == nil {
			return kib / 1024
		}
	}
	return 0
}

// Descriptors is how many processes have open.
func Descriptors(pids []int) (n int) {
	for _, pid := range pids {
		if open, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd"); err == nil {
			n += len(open)
		}
	}
	return n
}

// Usage is the CPU seconds of some processes, by number.
type Usage map[int]float64

// kthreadd is the parent of the kernel's threads.
const kthreadd = 2

// Others is what every process has used but mine and the kernel's threads, which work for whoever asks them: those of the
// network carry what is measured.
func Others(mine ...int) Usage { return others(stats(), mine) }

func others(all map[int]stat, mine []int) Usage {
	u := Usage{}
	for pid, s := range all {
		if pid != kthreadd && s.parent != kthreadd && !slices.Contains(mine, pid) {
			u[pid] = s.cpu
		}
	}
	return u
}

// Since is what they have used since then. A process that is new counts whole; one that has ended counts at its parent, once
// that has waited for it.
func (u Usage) Since(then Usage) (seconds float64) {
	for pid, cpu := range u {
		seconds += max(0, cpu-then[pid])
	}
	return seconds
}

// Cores are the numbers of the cores that this program may use, in order; nil where that is not known.
func Cores() []int {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil
	}
	return parseCores(b)
}

// parseCores reads proc(5)'s list of ranges, as 0-1,4.
func parseCores(status []byte) (all []int) {
	const field = "Cpus_allowed_list:"
	_, list, _ := strings.Cut(string(status), field)
	list, _, _ = strings.Cut(list, "\n")
	for part := range strings.SplitSeq(strings.TrimSpace(list), ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err != nil || err2 != nil {
			return nil
		}
		for i := first; i <= last; i++ {
			all = append(all, i)
		}
	}
	return all
}

// Load is the load average of the last minute, five and fifteen, as text.
func Load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	f := strings.Fields(string(b))
	return strings.Join(f[:min(3, len(f))], " ")
}
