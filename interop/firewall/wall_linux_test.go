package firewall

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/interop"
)

// place is a network namespace where programs run; "" is that of the test.
type place string

// command is how a command line is run there. The program keeps the process id of what is started.
func (p place) command(args ...string) []string {
	if p == "" {
		return args
	}
	return append([]string{"ip", "netns", "exec", string(p)}, args...)
}

// start starts a program there.
func (p place) start(t *testing.T, env []string, args ...string) *interop.Program {
	t.Helper()
	c := p.command(args...)
	return interop.Start(t, t.TempDir(), env, c[0], c[1:]...)
}

// try runs a command there to its end.
func (p place) try(ctx context.Context, stdin string, args ...string) (string, error) {
	c := p.command(args...)
	cmd := exec.CommandContext(ctx, c[0], c[1:]...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// run runs a command there that must go well.
func (p place) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := p.try(within(t), "", args...)
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

// reaches says whether a TCP connection from there can be opened.
func (p place) reaches(t *testing.T, host, port string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), interop.Patience)
	defer cancel()
	_, err := p.try(ctx, "", "nc", "-z", "-n", "-w", "2", host, port)
	return err == nil
}

// world is three machines: the sender's, the gateway's and the listener's, each with a cable to each other.
type world struct {
	t                         *testing.T
	sender, gateway, listener place
}

// Addresses. Every world is alone in its namespaces, so all have the same.
const (
	gatewayHost  = "10.203.9.1" // the gateway's, by both cables
	listenerHost = "10.203.3.2" // the listener's, by the cable to the sender
)

var worlds atomic.Int64

// newWorld makes the machines and lays the cables; skips where nobody may.
func newWorld(t *testing.T) *world {
	t.Helper()
	tag := fmt.Sprintf("cwf%d-%d", os.Getpid(), worlds.Add(1))
	w := &world{t, place(tag + "-s"), place(tag + "-g"), place(tag + "-l")}
	for _, p := range []place{w.sender, w.gateway, w.listener} {
		if out, err := place("").try(within(t), "", "ip", "netns", "add", string(p)); err != nil {
			t.Skipf("SKIPPED: this machine lets nobody make a network namespace: %v: %s", err, out)
		}
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", string(p)).Run() })
		p.run(t, "ip", "link", "set", "lo", "up")
	}
	w.cable(w.sender, "gw", "10.203.1.1", w.gateway, "snd", "10.203.1.2")
	w.cable(w.listener, "gw", "10.203.2.1", w.gateway, "lsn", "10.203.2.2")
	w.cable(w.sender, "lsn", "10.203.3.1", w.listener, "snd", listenerHost)
	w.gateway.run(t, "ip", "addr", "add", gatewayHost+"/32", "dev", "lo")
	w.sender.run(t, "ip", "route", "add", gatewayHost, "via", "10.203.1.2")
	w.listener.run(t, "ip", "route", "add", gatewayHost, "via", "10.203.2.2")
	return w
}

// cable joins two machines.
func (w *world) cable(a place, aName, aAddr string, b place, bName, bAddr string) {
	w.t.Helper()
	a.run(w.t, "ip", "link", "add", aName, "type", "veth", "peer", "name", bName, "netns", string(b))
	a.run(w.t, "ip", "addr", "add", aAddr+"/30", "dev", aName)
	b.run(w.t, "ip", "addr", "add", bAddr+"/30", "dev", bName)
	a.run(w.t, "ip", "link", "set", aName, "up")
	b.run(w.t, "ip", "link", "set", bName, "up")
}

// wall is what the listener's machine lets through: answers of one port of the gateway, and what is sent to it. It counts what it
// drops (by itself what is for the senders' node, whose address a listener is told), and each dial inside of the machine to a port that is none of the services'.
const wall = `table inet wall {
	counter inward { }
	counter outward { }
	counter other { }
	counter strayed { }
	chain input {
		type filter hook input priority 0; policy drop;
		iif lo tcp flags & (syn | ack) == syn tcp dport != { %[4]s } counter name strayed
		iif lo accept
		ip saddr %[1]s tcp sport %[2]s tcp flags & (syn | ack) != syn accept
		meta l4proto tcp counter name inward drop
	}
	chain output {
		type filter hook output priority 0; policy drop;
		oif lo accept
		ip daddr %[1]s tcp dport %[2]s accept
		ip daddr %[1]s tcp dport %[3]s counter name other drop
		meta l4proto tcp counter name outward drop
	}
}
`

// build puts the wall up: door is the only port of the gateway's that the listener's machine may reach, near the one where senders
// come (of two nodes that is another), services are the ports of its own that somebody may dial.
func (w *world) build(door, near string, services ...string) {
	w.t.Helper()
	out, err := w.listener.try(within(w.t), fmt.Sprintf(wall, gatewayHost, door, near, strings.Join(services, ", ")), "nft", "-f", "-")
	if err != nil {
		w.t.Fatalf("nft: %v: %s", err, out)
	}
}

var packets = regexp.MustCompile(`packets (\d+)`)

// count reads a counter of the wall.
func (w *world) count(counter string) int {
	w.t.Helper()
	found := packets.FindStringSubmatch(w.listener.run(w.t, "nft", "list", "counter", "inet", "wall", counter))
	if found == nil {
		w.t.Fatalf("the counter %s counts nothing", counter)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// settles waits for what gives no event to wait for.
func settles(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick, end := time.NewTicker(50*time.Millisecond), time.After(interop.Patience)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%s: not within %v", what, interop.Patience)
		}
	}
}
