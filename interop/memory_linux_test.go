package interop

import (
	"os"
	"testing"
)

// TestFigure: a figure of the kernel's text is in bytes; what is not there, or no number, is told.
func TestFigure(t *testing.T) {
	const status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nRssAnon:\tmuch\n"
	for field, want := range map[string]int64{"VmHWM": 2 << 20, "VmRSS": 1 << 20, "RssAnon": -1, "Vm": -1, "": -1} {
		got, err := figure(status, field)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q: %d %v, want %d", field, got, err, want)
		}
	}
}

// verdict of Errorf: the test beside is to fail.
func (v *verdict) Errorf(string, ...any) { v.how = "error" }

// TestSteady: a program that takes 64 MiB while it is looked at is caught, one that takes nothing is not.
func TestSteady(t *testing.T) {
	p := shell(t, `echo up; read line; x=$(head -c 67108864 /dev/zero | tr '\0' x); echo ${#x}; read line; echo idle; read line`)
	p.Await(`^up$`)
	const most = 16 << 20
	programs := map[string]*Program{"sh": p}
	grown, idle := &verdict{TB: t}, &verdict{TB: t}
	Steady(grown, programs, most, func() {
		p.Say("go")
		p.Await(`^67108864$`)
	})
	Steady(idle, programs, most, func() {
		p.Say("go")
		p.Await(`^idle$`)
	})
	if grown.how != "error" || idle.how != "" {
		t.Errorf("who grew: %q, who did not: %q", grown.how, idle.how)
	}
	if rss := p.Memory("VmRSS"); rss < 32<<20 || rss%int64(os.Getpagesize()) != 0 {
		t.Errorf("the shell has %d bytes", rss)
	}
}
