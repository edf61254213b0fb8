package peer

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Process is one that this program started. It dies with this program.
type Process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{}
}

// start runs a program in the scratch folder; what it prints goes to NAME.log there. Children of its own die with it, since
// they are in its group.
func (e *Env) start(name string, env []string, argv ...string) (*Process, error) {
	path := filepath.Join(e.Work, name+".log")
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if e.Cores != "" {
		argv = append([]string{"taskset", "-c", e.Cores}, argv...) // which becomes the program, by the same number
	}
	c := exec.Command(argv[0], argv[1:]...)
	c.Stdout, c.Stderr, c.Dir = f, f, e.Work
	c.Env = append(os.Environ(), env...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &Process{cmd: c, log: path, done: make(chan struct{})}
	if err := c.Start(); err != nil {
		return nil, err
	}
	go func() { // Kill waits for it
		_ = c.Wait() // how it ended is in its log
		close(p.done)
	}()
	return p, nil
}

// Kill ends the process and its group: politely, then at once.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM) // it may be gone
	select {
	case <-p.done:
	case <-time.After(300 * time.Millisecond):
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // as above
	<-p.done
}

// Pid is the process's number.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// alive reports whether it still runs.
func (p *Process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// RareGC is how seldom load and target collect their garbage, of which they make little: a collection takes a core from
// what is measured.
const RareGC = "800"

// StartTarget runs the service behind the listeners, and returns when its address is open.
func (e *Env) StartTarget() (*Process, string, error) {
	addr := freeAddr()
	p, err := e.start("target", []string{"GOGC=" + RareGC}, e.Self, "target", addr)
	if err != nil {
		return nil, "", err
	}
	if err := openAt(addr, p); err != nil {
		p.Kill()
		return nil, "", err
	}
	return p, addr, nil
}

// said is the end of what it printed.
func (p *Process) said() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	const most = 1500
	return string(b[max(0, len(b)-most):])
}
