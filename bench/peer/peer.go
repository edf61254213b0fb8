// Package peer starts a gateway, its outbound-dialling agent and whatever they
// need, and says how a sender reaches the target through them. One file per
// peer; each registers itself.
package peer

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/causeway-relay/causeway/bench/load"
)

// Peer is one thing to be measured.
type Peer struct {
	Name    string
	Kind    string // "limit", "peer" or "ours"
	Note    string // topology, what is on the wire, encryption
	Bins    []string
	Start   func(e *Env) (*Tunnel, error)
	Agents  func(e *Env, t *Tunnel, n int) error // adds n further agents (idle listeners)
	NoIdle  bool
	Default bool // part of the default set
}

var all []Peer

func register(p Peer) { all = append(all, p) }

// All peers, limits first.
func All() []Peer {
	rank := map[string]int{"limit": 0, "peer": 1, "ours": 2}
	sort.SliceStable(all, func(i, j int) bool { return rank[all[i].Kind] < rank[all[j].Kind] })
	return all
}

func Get(name string) (Peer, bool) {
	for _, p := range all {
		if p.Name == name {
			return p, true
		}
	}
	return Peer{}, false
}

// Env is what an adapter is given.
type Env struct {
	BinDir string // where the peers' binaries are
	Work   string // scratch folder of this tunnel
	Self   string // path of this program: it holds the limits and the HC listener
	TCP    string // target service
	HTTP   string // target HTTP service
	Ours   string // path of ours.json
}

// Tunnel is a running peer.
type Tunnel struct {
	Gateway []*Proc
	Agent   []*Proc
	Dial    load.Dialer      // nil: no byte streams
	HTTP    *load.HTTPTarget // nil: HTTP goes over Dial's address as bytes, if HTTPOver is set
	stops   []func()
}

func (t *Tunnel) OnStop(f func()) { t.stops = append(t.stops, f) }

func (t *Tunnel) Stop() {
	for i := len(t.stops) - 1; i >= 0; i-- {
		t.stops[i]()
	}
	for _, p := range append(append([]*Proc{}, t.Agent...), t.Gateway...) {
		p.Kill()
	}
}

// Bin finds a binary in BinDir or on the PATH ("" when there is none).
func (e *Env) Bin(name string) string {
	if e.BinDir != "" {
		p := filepath.Join(e.BinDir, name)
		if st, err := os.Stat(p); err == nil && !st.IsDir() {
			if a, err := filepath.Abs(p); err == nil {
				return a
			}
		}
	}
	for _, d := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin") {
		p := filepath.Join(d, name)
		if st, err := os.Stat(p); err == nil && !st.IsDir() {
			return p
		}
	}
	return ""
}

// Missing names the first binary that is not there.
func (p Peer) Missing(e *Env) string {
	for _, b := range p.Bins {
		if e.Bin(b) == "" {
			return b
		}
	}
	return ""
}

var nextPort = 20000 + os.Getpid()%500*20

// Port returns a free loopback port below the ephemeral range.
func Port() int {
	for {
		nextPort++
		if nextPort >= 32700 {
			nextPort = 20000
		}
		ln, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(nextPort))
		if err == nil {
			ln.Close()
			return nextPort
		}
	}
}

func Addr(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

func portOf(addr string) string { _, p, _ := net.SplitHostPort(addr); return p }

// File writes a file into the scratch folder and returns its path.
func (e *Env) File(name, text string) string {
	p := filepath.Join(e.Work, name)
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		panic(err)
	}
	return p
}

// Proc is a process this program started, with all its descendants.
type Proc struct {
	Cmd  *exec.Cmd
	log  string
	done chan struct{}
}

// Run starts a process that dies with this program.
func (e *Env) Run(name string, env []string, bin string, args ...string) (*Proc, error) {
	lp := filepath.Join(e.Work, name+".log")
	f, err := os.Create(lp)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := exec.Command(bin, args...)
	c.Stdout, c.Stderr, c.Dir = f, f, e.Work
	c.Env = append(os.Environ(), env...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &Proc{Cmd: c, log: lp, done: make(chan struct{})}
	if err := c.Start(); err != nil {
		return nil, err
	}
	go func() { c.Wait(); close(p.done) }()
	return p, nil
}

// Kill ends the process and its group, both started here.
func (p *Proc) Kill() {
	syscall.Kill(-p.Cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(300 * time.Millisecond):
	}
	syscall.Kill(-p.Cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

func (p *Proc) Alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Log is the end of what the process printed.
func (p *Proc) Log() string {
	b, _ := os.ReadFile(p.log)
	if len(b) > 1500 {
		b = b[len(b)-1500:]
	}
	return string(b)
}

// WaitPort waits for a listener.
func WaitPort(addr string, p *Proc) error {
	end := time.Now().Add(15 * time.Second)
	for time.Now().Before(end) {
		if c, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
			c.Close()
			return nil
		}
		if p != nil && !p.Alive() {
			return fmt.Errorf("it ended: %s", p.Log())
		}
		time.Sleep(50 * time.Millisecond)
	}
	if p != nil {
		return fmt.Errorf("nothing listens at %s: %s", addr, p.Log())
	}
	return fmt.Errorf("nothing listens at %s", addr)
}

// TCPDial dials a gateway's public port.
func TCPDial(addr string) load.Dialer {
	return func() (net.Conn, error) { return net.DialTimeout("tcp", addr, 10*time.Second) }
}

// Ready waits until a byte makes the whole way and back.
func (t *Tunnel) Ready(ctx context.Context) error {
	var last error
	for {
		last = func() error {
			if t.Dial == nil {
				return nil
			}
			c, err := t.Dial()
			if err != nil {
				return err
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(2 * time.Second))
			if _, err := c.Write([]byte{load.CmdPing}); err != nil {
				return err
			}
			var b [1]byte
			_, err = io.ReadFull(c, b[:])
			return err
		}()
		if last == nil && t.HTTP != nil {
			_, last = load.HTTP(*t.HTTP, 1, 100, 100*time.Millisecond, 1_000_000, func() func() { return func() {} })
		}
		if last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			var logs []string
			for _, p := range append(append([]*Proc{}, t.Gateway...), t.Agent...) {
				logs = append(logs, p.Log())
			}
			return fmt.Errorf("%w\n%s", last, strings.Join(logs, "\n--\n"))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Version runs a binary for its version, for the record.
func Version(bin string, args ...string) string {
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	b, _ := exec.CommandContext(ctx, bin, args...).CombinedOutput()
	s, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	return s
}

// start runs gateway and agent in turn, with the address that tells when the
// gateway is up.
func (t *Tunnel) gateway(p *Proc, err error) error {
	if err == nil {
		t.Gateway = append(t.Gateway, p)
	}
	return err
}

func (t *Tunnel) agent(p *Proc, err error) error {
	if err == nil {
		t.Agent = append(t.Agent, p)
	}
	return err
}
