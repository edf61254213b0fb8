package interop

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// shell starts a shell script as a program.
func shell(t *testing.T, script string) *Program {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell here")
	}
	return Start(t, t.TempDir(), []string{"WORD=told"}, "sh", "-c", script)
}

func TestProgram(t *testing.T) {
	p := shell(t, `echo "one $WORD"; echo two >&2; read line; printf "got %s, and no end of line" "$line"`)
	if got := p.Await(`^one (\w+)$`); got != "told" {
		t.Errorf("the group is %q", got)
	}
	p.Await(`^two$`)
	p.Say("hello")
	p.Finish(Patience)
	if want := "one told\ntwo\ngot hello, and no end of line"; p.Text() != want {
		t.Errorf("text %q, want %q", p.Text(), want)
	}
}

func TestProgramIsKilledWithItsChildren(t *testing.T) {
	p := shell(t, `sleep 600 & echo started; wait`)
	p.Await(`^started$`)
	began := time.Now()
	p.Kill() // waits for the end of the output, which the child holds open
	if took := time.Since(began); p.err == nil || took > Patience/2 {
		t.Errorf("%v after %v", p.err, took)
	}
}

// TestProgramFails: what a story waits for in vain ends the test, with the reason.
func TestProgramFails(t *testing.T) {
	for _, c := range []struct {
		name, script, text string
		story              func(p *Program)
	}{
		{"ends before the line", `echo other`, `before it printed "never"`, func(p *Program) { p.Await("never") }},
		{"exit code", `exit 3`, "exit status 3", func(p *Program) { p.Finish(Patience) }},
		{"does not end", `read line`, "did not end within", func(p *Program) { p.End(time.Millisecond) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shell(t, c.script)
			v := &verdict{TB: t}
			p.t = v
			func() {
				defer func() { _ = recover() }()
				c.story(p)
			}()
			p.t = t
			if v.how != "fatal" || !strings.Contains(v.text, c.text) {
				t.Errorf("%s %q, want %q", v.how, v.text, c.text)
			}
		})
	}
}
