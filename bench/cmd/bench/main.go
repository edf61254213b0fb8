// Command bench runs the same work through direct loopback, the limits,
// every peer whose binaries are there and our gateway, interleaved round by
// round, and prints medians and ratios.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/causeway-relay/causeway/bench/hc"
	"github.com/causeway-relay/causeway/bench/limits"
	"github.com/causeway-relay/causeway/bench/load"
	"github.com/causeway-relay/causeway/bench/peer"
)

func main() {
	log.SetFlags(log.Ltime)
	if len(os.Args) > 1 {
		a := os.Args[2:]
		var err error
		switch os.Args[1] {
		case "limit-forward":
			err = limits.Forward(a[0], a[1], a[2])
		case "limit-relay-gateway":
			err = limits.RelayGateway(a[0], a[1], a[2])
		case "limit-relay-agent":
			err = limits.RelayAgent(a[0], a[1], 32, a[2])
		case "hcref":
			err = (&limits.HCRef{Advertise: a[3] + "://" + a[0], TCPPath: a[2]}).Run(a[0], a[1])
		case "hc-agent":
			err = hcAgent(a)
		case "report":
			err = report(a)
		case "list":
			list()
		case "run":
			err = run(a)
		default:
			err = fmt.Errorf("usage: bench run|report|list [flags]")
		}
		if err != nil {
			log.Fatal(err)
		}
		return
	}
	log.Fatal("usage: bench run|report|list [flags]")
}

func list() {
	for _, p := range peer.All() {
		fmt.Printf("%-13s %-6s %s\n", p.Name, p.Kind, p.Note)
	}
}

func hcAgent(args []string) error {
	fs := flag.NewFlagSet("hc-agent", flag.ExitOnError)
	endpoint := fs.String("endpoint", "", "endpoint as JSON: base, path, key_name, key, audience, insecure")
	tcp := fs.String("tcp", "", "target of accepted connections")
	web := fs.String("http", "", "target of requests")
	n := fs.Int("n", 0, "hold this many idle control channels instead")
	idle := fs.String("idle-path", "", "entity of idle channel {i}")
	fs.Parse(args)
	var e hc.Endpoint
	if err := json.Unmarshal([]byte(*endpoint), &e); err != nil {
		return err
	}
	ctx := context.Background()
	if *n == 0 {
		for {
			l, err := hc.Listen(ctx, e, *tcp, *web)
			if err == nil {
				err = l.Serve(ctx)
			}
			log.Printf("control channel: %v", err)
			time.Sleep(300 * time.Millisecond)
		}
	}
	if *idle == "" {
		*idle = e.Path + "-{i}"
	}
	var wg sync.WaitGroup
	sem := make(chan struct{}, 16)
	for i := range *n {
		wg.Go(func() {
			x := e
			x.Path = strings.ReplaceAll(*idle, "{i}", fmt.Sprint(i))
			sem <- struct{}{}
			l, err := hc.Listen(ctx, x, *tcp, *web)
			<-sem
			if err == nil {
				err = l.Serve(ctx)
			}
			log.Printf("idle channel %d: %v", i, err)
		})
	}
	wg.Wait()
	return nil
}

// Sample is one measurement of one cell of one peer in one round.
type Sample struct {
	Peer, Cell string
	Round      int
	Values     load.Result
	Err        string `json:",omitempty"`
}

// Run is what one invocation measured.
type Run struct {
	Date     string
	Machine  string
	Settings string
	Peers    []string
	Notes    map[string]string
	Kinds    map[string]string
	Via      map[string]string // how each handles HTTP
	Samples  []Sample
}

type cell struct {
	name string
	http bool
	f    func(t *peer.Tunnel, tg *load.Target, dur time.Duration, mark func() func()) (load.Result, error)
}

func cells() []cell {
	bulk := func(n int, up bool) func(*peer.Tunnel, *load.Target, time.Duration, func() func()) (load.Result, error) {
		return func(t *peer.Tunnel, tg *load.Target, d time.Duration, m func() func()) (load.Result, error) {
			return load.Bulk(t.Dial, tg, n, up, d, m)
		}
	}
	echo := func(n int) func(*peer.Tunnel, *load.Target, time.Duration, func() func()) (load.Result, error) {
		return func(t *peer.Tunnel, _ *load.Target, d time.Duration, m func() func()) (load.Result, error) {
			return load.Echo(t.Dial, n, 1024, d, 1_000_000, m)
		}
	}
	web := func(size int) func(*peer.Tunnel, *load.Target, time.Duration, func() func()) (load.Result, error) {
		return func(t *peer.Tunnel, _ *load.Target, d time.Duration, m func() func()) (load.Result, error) {
			return load.HTTP(*t.HTTP, 64, size, d, 1_000_000, m)
		}
	}
	setup := func(conc, n int) func(*peer.Tunnel, *load.Target, time.Duration, func() func()) (load.Result, error) {
		return func(t *peer.Tunnel, _ *load.Target, d time.Duration, m func() func()) (load.Result, error) {
			return load.Setup(t.Dial, conc, n, d, m)
		}
	}
	return []cell{
		{"bulk_up_1", false, bulk(1, true)}, {"bulk_down_1", false, bulk(1, false)},
		{"bulk_up_16", false, bulk(16, true)}, {"bulk_down_16", false, bulk(16, false)},
		{"echo_1", false, echo(1)}, {"echo_64", false, echo(64)},
		{"http_1k", true, web(1024)}, {"http_64k", true, web(64 << 10)},
		{"setup_1", false, setup(1, 1000)}, {"setup_16", false, setup(16, 3000)},
	}
}

func selfCPU() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// measure runs one cell with CPU accounting around its window.
func measure(c cell, t *peer.Tunnel, tg *load.Target, dur time.Duration) (load.Result, error) {
	gw, ag := peer.Tree(t.Gateway), peer.Tree(t.Agent)
	var res load.Result
	ext := load.Result{}
	mark := func() func() {
		b0, t0 := peer.Machine()
		g0, a0, s0 := peer.CPU(gw), peer.CPU(ag), selfCPU()
		return func() {
			g, a, s := peer.CPU(gw)-g0, peer.CPU(ag)-a0, selfCPU()-s0
			b1, t1 := peer.Machine()
			ext["cpu_gw"], ext["cpu_ag"], ext["cpu_load"] = g, a, s
			if t1 > t0 {
				ext["foreign"] = max(0, (b1-b0-g-a-s)/(t1-t0))
				ext["busy"] = (b1 - b0) / (t1 - t0)
			}
		}
	}
	res, err := c.f(t, tg, dur, mark)
	if err != nil {
		return nil, err
	}
	for k, v := range ext {
		res[k] = v
	}
	return res, nil
}

func run(args []string) error {
	fs := flag.NewFlagSet("run", flag.ExitOnError)
	bin := fs.String("bin", "bin", "folder with the peers' binaries (then the PATH)")
	peers := fs.String("peers", "", "comma-separated peers; default: every one whose binaries are there")
	skip := fs.String("skip", "", "peers to leave out")
	metrics := fs.String("cells", "", "comma-separated cells or prefixes (bulk,echo,http,setup,idle,agents); default all")
	rounds := fs.Int("rounds", 5, "rounds of the interleaved cells")
	dur := fs.Duration("dur", 1500*time.Millisecond, "measured time of a cell")
	idle := fs.String("idle", "1000,5000", "numbers of idle tunnelled connections")
	agents := fs.Int("agents", 100, "idle agent processes (control channels for Hybrid Connections: ten times that)")
	limit := fs.Duration("limit", 60*time.Minute, "the whole run ends by then")
	out := fs.String("out", "out/run.json", "raw results")
	ours := fs.String("ours", "", "ours.json of the gateway under test")
	keep := fs.String("work", "", "keep scratch folders here")
	fs.Parse(args)

	self, err := os.Executable()
	if err != nil {
		return err
	}
	bd, _ := filepath.Abs(*bin)
	od := ""
	if *ours != "" {
		od, _ = filepath.Abs(*ours)
	}
	work := *keep
	if work == "" {
		if work, err = os.MkdirTemp("", "bench"); err != nil {
			return err
		}
		defer os.RemoveAll(work)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()

	tg, err := load.NewTarget()
	if err != nil {
		return err
	}
	defer tg.Close()
	mkenv := func(name string) *peer.Env {
		w := filepath.Join(work, name)
		os.MkdirAll(w, 0o700)
		return &peer.Env{BinDir: bd, Work: w, Self: self, TCP: tg.TCP, HTTP: tg.HTTP, Ours: od}
	}
	in := func(list, s string) bool {
		for _, x := range strings.Split(list, ",") {
			if x == s {
				return true
			}
		}
		return false
	}
	wanted := func(c string) bool {
		if *metrics == "" {
			return true
		}
		for _, x := range strings.Split(*metrics, ",") {
			if strings.HasPrefix(c, x) {
				return true
			}
		}
		return false
	}
	r := &Run{Date: time.Now().UTC().Format("2006-01-02 15:04 UTC"), Notes: map[string]string{}, Kinds: map[string]string{}, Via: map[string]string{},
		Machine:  fmt.Sprintf("%d cores, %s, load average at the start %s", runtime.NumCPU(), kernel(), loadavg()),
		Settings: fmt.Sprintf("%d rounds, %v a cell", *rounds, *dur)}
	defer func() { save(*out, r) }()

	var set []peer.Peer
	for _, p := range peer.All() {
		if *peers != "" && !in(*peers, p.Name) || *peers == "" && !p.Default || in(*skip, p.Name) {
			continue
		}
		if p.Kind == "ours" && od == "" {
			continue
		}
		if m := p.Missing(mkenv(p.Name)); m != "" {
			log.Printf("%s left out: no %s", p.Name, m)
			continue
		}
		set = append(set, p)
		r.Peers = append(r.Peers, p.Name)
		r.Notes[p.Name], r.Kinds[p.Name] = p.Note, p.Kind
	}

	var cs []cell
	for _, c := range cells() {
		if wanted(c.name) {
			cs = append(cs, c)
		}
	}
	up := func(p peer.Peer, e *peer.Env) (*peer.Tunnel, error) {
		t, err := p.Start(e)
		if err == nil {
			c, stop := context.WithTimeout(ctx, 20*time.Second)
			err = t.Ready(c)
			stop()
		}
		if err != nil && t != nil {
			t.Stop()
		}
		return t, err
	}
	if len(cs) > 0 {
		tuns := map[string]*peer.Tunnel{}
		defer func() {
			for _, t := range tuns {
				t.Stop()
			}
		}()
		for _, p := range set {
			t, err := up(p, mkenv(p.Name))
			if err != nil {
				log.Printf("%s: does not start: %v", p.Name, err)
				continue
			}
			tuns[p.Name] = t
			if t.HTTP != nil {
				r.Via[p.Name] = t.HTTP.Via
			}
		}
		for round := range *rounds {
			for _, c := range cs {
				for i := range set {
					p := set[(i+round)%len(set)] // a different order each round
					t := tuns[p.Name]
					if t == nil || c.http && t.HTTP == nil || !c.http && t.Dial == nil {
						continue
					}
					if ctx.Err() != nil {
						return ctx.Err()
					}
					res, err := measure(c, t, tg, *dur)
					s := Sample{Peer: p.Name, Cell: c.name, Round: round, Values: res}
					if err != nil {
						s.Err = err.Error()
						log.Printf("round %d %s %s: %v", round, c.name, p.Name, err)
					}
					r.Samples = append(r.Samples, s)
					time.Sleep(50 * time.Millisecond)
				}
			}
			log.Printf("round %d of %d done, load %s", round+1, *rounds, loadavg())
			save(*out, r)
		}
		for n, t := range tuns {
			t.Stop()
			delete(tuns, n)
		}
	}
	if wanted("idle") || wanted("agents") {
		var counts []int
		for _, s := range strings.Split(*idle, ",") {
			var n int
			if fmt.Sscan(s, &n); n > 0 {
				counts = append(counts, n)
			}
		}
		for _, p := range set {
			if p.Name == "direct" || ctx.Err() != nil {
				continue
			}
			e := mkenv(p.Name + "-idle")
			t, err := up(p, e)
			if err != nil {
				log.Printf("%s: does not start: %v", p.Name, err)
				continue
			}
			if wanted("idle") && t.Dial != nil {
				r.Samples = append(r.Samples, idleCell(p, t, tg, counts))
				t.Stop()
				tg.CloseConns()
				time.Sleep(300 * time.Millisecond)
				if p.Agents != nil && wanted("agents") {
					if t, err = up(p, mkenv(p.Name+"-agents")); err != nil {
						log.Printf("%s: does not start again: %v", p.Name, err)
						continue
					}
				}
			}
			if p.Agents != nil && wanted("agents") && *agents > 0 {
				n := *agents
				if strings.HasPrefix(p.Name, "ours") || strings.HasPrefix(p.Name, "hcref") {
					n *= 10
				}
				r.Samples = append(r.Samples, agentsCell(p, mkenv(p.Name+"-agents"), t, n))
			}
			t.Stop()
			save(*out, r)
		}
	}
	return report([]string{*out})
}

// settle waits until the processes have been quiet for a second.
func settle(ps []*peer.Proc, most time.Duration) {
	end := time.Now().Add(most)
	for time.Now().Before(end) {
		pids := peer.Tree(ps)
		c0 := peer.CPU(pids)
		time.Sleep(time.Second)
		if peer.CPU(pids)-c0 < 0.05 {
			return
		}
	}
}

func idleCell(p peer.Peer, t *peer.Tunnel, tg *load.Target, counts []int) Sample {
	s := Sample{Peer: p.Name, Cell: "idle", Values: load.Result{}}
	settle(t.Gateway, 5*time.Second)
	s.Values["base_gw"], s.Values["base_ag"] = peer.RSS(peer.Tree(t.Gateway)), peer.RSS(peer.Tree(t.Agent))
	var held []net.Conn
	defer func() {
		for _, c := range held {
			c.Close()
		}
	}()
	for _, n := range counts {
		t0 := time.Now()
		var err error
		if held, err = load.Hold(t.Dial, n, held); err != nil {
			s.Err = err.Error()
			log.Printf("idle %d %s: %v", n, p.Name, err)
			break
		}
		el := time.Since(t0)
		settle(append(append([]*peer.Proc{}, t.Gateway...), t.Agent...), 8*time.Second)
		k := fmt.Sprint(n)
		s.Values["gw_"+k], s.Values["ag_"+k] = peer.RSS(peer.Tree(t.Gateway)), peer.RSS(peer.Tree(t.Agent))
		// what idling costs
		pids := append(peer.Tree(t.Gateway), peer.Tree(t.Agent)...)
		c0 := peer.CPU(pids)
		time.Sleep(2 * time.Second)
		s.Values["cpu_"+k] = (peer.CPU(pids) - c0) / 2
		s.Values["secs_"+k] = el.Seconds()
	}
	log.Printf("idle %s: %v", p.Name, s.Values)
	return s
}

func agentsCell(p peer.Peer, e *peer.Env, t *peer.Tunnel, n int) Sample {
	s := Sample{Peer: p.Name, Cell: "agents", Values: load.Result{}}
	settle(t.Gateway, 5*time.Second)
	b := peer.RSS(peer.Tree(t.Gateway))
	have := len(t.Agent)
	if err := p.Agents(e, t, n); err != nil {
		s.Err = err.Error()
		return s
	}
	time.Sleep(2 * time.Second)
	settle(append(append([]*peer.Proc{}, t.Gateway...), t.Agent...), 40*time.Second)
	dead := 0
	for _, a := range t.Agent[have:] {
		if !a.Alive() {
			dead++
		}
	}
	if dead > 0 {
		s.Err = fmt.Sprintf("%d of %d agents ended: %s", dead, n, t.Agent[have].Log())
	}
	gw := peer.RSS(peer.Tree(t.Gateway))
	s.Values["n"], s.Values["base_gw"], s.Values["gw"] = float64(n), b, gw
	s.Values["kib_each"] = (gw - b) * 1024 / float64(n)
	s.Values["ag_each"] = peer.RSS(peer.Tree(t.Agent[have:])) / float64(n)
	pids := peer.Tree(t.Gateway)
	c0 := peer.CPU(pids)
	time.Sleep(3 * time.Second)
	s.Values["cpu_gw"] = (peer.CPU(pids) - c0) / 3
	log.Printf("agents %s: %v %s", p.Name, s.Values, s.Err)
	return s
}

func save(path string, r *Run) {
	os.MkdirAll(filepath.Dir(path), 0o755)
	b, _ := json.Marshal(r)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		log.Print(err)
	}
}

func kernel() string {
	b, _ := exec.Command("uname", "-sr").Output()
	return strings.TrimSpace(string(b)) + ", " + runtime.Version()
}

func loadavg() string {
	b, _ := os.ReadFile("/proc/loadavg")
	f := strings.Fields(string(b))
	if len(f) < 3 {
		return "?"
	}
	return strings.Join(f[:3], " ")
}
