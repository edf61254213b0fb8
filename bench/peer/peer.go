// Package peer owns what is measured: it starts a gateway and its agent as processes of their own, and says how a sender
// reaches the target through them. What is not a process of the system under test (load, target) is not its business. A
// Tunnel belongs to one goroutine.
package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/bench/load"
	"github.com/causeway-relay/causeway/bench/proc"
)

// Kinds of peers.
const (
	Limit = "limit" // a bound
	Other = "other" // what people would use instead
	Ours  = "ours"  // the gateway under test
)

// Peer is one thing to be measured.
type Peer struct {
	Name     string
	Kind     string
	Bound    string   // of ours: the peer that says what the protocol allows
	Note     string   // what is between sender and target
	Default  bool     // part of a run that names no peers
	Absent   string   // why it cannot be measured here; empty: it can
	Rival    bool     // what people would use instead, and of the same shape: a gateway, and an agent or listeners that dialled out
	Ciphered bool     // from the agent to the gateway, and from senders where its senders can
	Streams  bool     // its answers to senders of HTTP flow as they are written
	Cells    []string // beginnings of the names of the cells it is for; nil: all that its tunnel can do

	start     func(*Env) (*Tunnel, error)
	listeners func(*Env, *Tunnel, int) error // adds idle listeners; nil: the peer has none
}

// All peers: the bounds, what people would use instead, then ours.
func All() []Peer { return slices.Concat(relays(), bares(), fans(), others(), built(), hubs(), ours()) }

// Fit reports whether a cell of that name is for the peer.
func (p *Peer) Fit(cell string) bool {
	return p.Cells == nil || slices.ContainsFunc(p.Cells, func(c string) bool { return strings.HasPrefix(cell, c) })
}

// Env is what a peer is started with.
type Env struct {
	Self   string // this program, which holds the bounds and the independent listener
	Bin    string // folder of the gateway's binary
	Config string // folder of ours.json and ours-tls.json
	Work   string // scratch folder of this tunnel; it exists
	Target string // host:port of the target
	Cores  string // those that its processes are kept on, as taskset(1) has them; empty: they go where this program goes
}

// Tunnel is a running peer.
type Tunnel struct {
	Dial   load.Dialer
	Bytes  bool                   // Dial gives plain TCP
	Web    *load.Web              // where senders of HTTP go; nil: it has no such door
	NetTCP *load.NetTCP           // where clients of net.tcp go; nil: it has no such door
	Ways   *load.Ways             // where one call goes by several ways; nil: it has none
	Casts  map[string]*load.Casts // relays of messages that nobody answers, by Event and OneWay; nil: it has none

	gateway, agent []*Process
	settings       *settings // of a gateway
}

// Start starts the peer and waits until a byte makes the whole way, where there is a listener: those of Casts are the load's.
func (p *Peer) Start(ctx context.Context, e *Env) (*Tunnel, error) {
	t, err := p.start(e)
	if err == nil {
		err = t.ready(ctx)
	}
	if err != nil {
		t.Stop()
		return nil, fmt.Errorf("%s does not start: %w", p.Name, err)
	}
	return t, nil
}

// HasListeners reports whether idle listeners can be added.
func (p *Peer) HasListeners() bool { return p.listeners != nil }

// AddListeners adds n idle listeners, held by one process, and returns before they are all there.
func (p *Peer) AddListeners(e *Env, t *Tunnel, n int) error { return p.listeners(e, t, n) }

// Stop ends the processes.
func (t *Tunnel) Stop() {
	if t == nil {
		return
	}
	for _, p := range append(t.agent, t.gateway...) {
		p.Kill()
	}
	t.agent, t.gateway = nil, nil
}

// Gateway is the gateway's processes, with their children.
func (t *Tunnel) Gateway() []int { return tree(t.gateway) }

// Agent is the processes of everything that dialled out.
func (t *Tunnel) Agent() []int { return tree(t.agent) }

func tree(ps []*Process) []int {
	pids := make([]int, len(ps))
	for i, p := range ps {
		pids[i] = p.Pid()
	}
	return proc.Tree(pids...)
}

// Broken says which process has ended, with its last words.
func (t *Tunnel) Broken() error {
	for _, p := range append(t.gateway, t.agent...) {
		if !p.alive() {
			return fmt.Errorf("%s ended: %s", filepath.Base(p.log), p.said())
		}
	}
	return nil
}

// poll is how often something is tried that is not ready yet.
const poll = 50 * time.Millisecond

// ready waits until a byte makes the whole way and back.
func (t *Tunnel) ready(ctx context.Context) error {
	for {
		err := t.try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			for _, p := range append(t.gateway, t.agent...) {
				err = fmt.Errorf("%w\n%s: %s", err, filepath.Base(p.log), p.said())
			}
			return err
		case <-time.After(poll):
		}
	}
}

// try goes the whole way once, through whichever doors there are.
func (t *Tunnel) try() (err error) {
	if t.Dial != nil {
		err = load.Ping(t.Dial)
	}
	if err == nil && t.Web != nil {
		err = t.Web.Try()
	}
	if err == nil && t.NetTCP != nil {
		err = t.NetTCP.Try()
	}
	if err == nil && t.Ways != nil {
		err = t.Ways.Try()
	}
	return err
}

// openAt waits for a port of a process.
func openAt(addr string, p *Process) error {
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(poll) {
		if c, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
			return c.Close()
		}
		if !p.alive() {
			return errors.New("it ended: " + p.said())
		}
	}
	return fmt.Errorf("nothing listens at %s: %s", addr, p.said())
}

// thereAt waits for a file of a process; "" is there.
func thereAt(file string, p *Process) error {
	for end := time.Now().Add(15 * time.Second); file != "" && time.Now().Before(end); time.Sleep(poll) {
		if _, err := os.Stat(file); err == nil {
			return nil
		}
		if !p.alive() {
			return errors.New("it ended: " + p.said())
		}
	}
	if file != "" {
		return fmt.Errorf("no %s: %s", file, p.said())
	}
	return nil
}

// Ports below the range from which the kernel gives ports to clients.
const firstPort, lastPort = 20000, 32700

var (
	nextPort   = firstPort + os.Getpid()%500*20
	nextPortMu sync.Mutex // peers may be started at once
)

// freeAddr gives a loopback address that nobody listens at.
func freeAddr() string {
	nextPortMu.Lock()
	defer nextPortMu.Unlock()
	for {
		if nextPort++; nextPort > lastPort {
			nextPort = firstPort
		}
		addr := "127.0.0.1:" + strconv.Itoa(nextPort)
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
}

// tcp dials an address.
func tcp(addr string) load.Dialer {
	return func() (net.Conn, error) { return net.DialTimeout("tcp", addr, 10*time.Second) }
}
