package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/bench/peer"
	"github.com/causeway-relay/causeway/bench/proc"
	"github.com/causeway-relay/causeway/bench/report"
)

// defaultForeign is the share of the machine that others may use in a round that counts.
const defaultForeign = 0.15

// options are the flags of a run.
type options struct {
	peers, cells          []string // empty: the default ones, all
	rounds, most, idle    int
	dur, limit, within    time.Duration
	bin, config, work     string
	out, results, command string
	foreign               float64
	quick, check, free    bool
}

// enough is how many rounds have to count, and so what a run has unless it is told otherwise.
const enough = report.Counted

// defaultRounds is the number of rounds that the environment wants.
func defaultRounds(getenv func(string) string) int {
	if n, err := strconv.Atoi(getenv("ROUNDS")); err == nil && n > 0 {
		return n
	}
	return enough
}

func parse(args []string, getenv func(string) string) (*options, error) {
	o := &options{command: strings.Join(append([]string{"bench", "run"}, args...), " ")}
	fs := flag.NewFlagSet("bench run", flag.ContinueOnError)
	words := func(to *[]string) func(string) error {
		return func(s string) error { *to = strings.Split(s, ","); return nil }
	}
	fs.Func("peers", "`NAMES` with commas between them (bench list); default: those with a star", words(&o.peers))
	fs.Func("cells", "`NAMES` or beginnings of names; default: all", words(&o.cells))
	fs.IntVar(&o.rounds, "rounds", defaultRounds(getenv), "rounds; default: ROUNDS, else 5")
	fs.IntVar(&o.most, "most", 0, "rounds for cells in which direct is not steady before; default: four times -rounds, if those are enough to count")
	fs.DurationVar(&o.within, "within", 30*time.Minute, "how long rounds behind the first -rounds may take, of all cells together")
	fs.DurationVar(&o.dur, "dur", 300*time.Millisecond, "measured time of a cell")
	fs.IntVar(&o.idle, "idle", 1000, "idle streams, and idle listeners")
	fs.DurationVar(&o.limit, "limit", 90*time.Minute, "the whole run ends by then")
	fs.StringVar(&o.bin, "bin", "", "`FOLDER` of the binary causeway; default: it is built")
	fs.StringVar(&o.config, "config", ".", "`FOLDER` of ours.json and its like, in the gateway's module")
	fs.StringVar(&o.work, "work", "", "`FOLDER` in which scratch folders and logs are kept")
	fs.StringVar(&o.out, "out", "out/run.json", "`FILE` for raw data, for bench report")
	fs.StringVar(&o.results, "results", "", "`FILE` for the page RESULTS.md")
	fs.Float64Var(&o.foreign, "max-foreign", defaultForeign, "share of the machine that others may use in a round that counts")
	fs.BoolVar(&o.quick, "quick", false, "one round, 200 ms a cell, 100 idle, short bodies and waits: two minutes to see that all works")
	fs.BoolVar(&o.free, "free", false, "load and target on any core, instead of one each")
	fs.BoolVar(&o.check, "check", false, "only direct, ours and what ours is compared with by bench check")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if o.most == 0 && o.rounds >= enough {
		o.most = 4 * o.rounds
	}
	if o.quick {
		o.rounds, o.most, o.dur, o.idle = 1, 1, 200*time.Millisecond, min(o.idle, 100)
	}
	o.most = max(o.most, o.rounds)
	if fs.NArg() > 0 || o.rounds < 1 || o.idle < 1 || o.dur <= 0 {
		return nil, fmt.Errorf("bench run: %q is not wanted, or a number is not positive; see bench run -h", fs.Args())
	}
	return o, nil
}

// run is the command.
func run(ctx context.Context, args []string) error {
	o, err := parse(args, os.Getenv)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, o.limit)
	defer stop()
	r, err := newRunner(o)
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.build(ctx); err != nil {
		return err
	}
	gc := debug.SetGCPercent(loadGC)
	defer debug.SetGCPercent(gc)
	free, err := r.cores.stay()
	if err != nil {
		return err
	}
	defer free()
	if err := errors.Join(r.timed(ctx), r.casts(ctx), r.volumes(ctx), r.memory(ctx), r.run.Save(o.out)); err != nil {
		return err
	}
	return r.publish()
}

// loadGC is how seldom this program collects its garbage while it is the load: peer.RareGC as a number.
const loadGC = 800

// runner is one run.
type runner struct {
	o      *options
	peers  []peer.Peer
	target *target
	cores  cores
	self   string
	work   string
	more   time.Duration // what the rounds behind those that were asked for have taken
	run    report.Run
}

func newRunner(o *options) (*runner, error) {
	r := &runner{o: o, work: o.work, cores: place(o.free, proc.Cores(), exec.LookPath)}
	var err error
	if r.peers, err = chosen(o.peers); err != nil {
		return nil, err
	}
	if o.check {
		r.peers = slices.DeleteFunc(r.peers, needless(r.peers))
	}
	if r.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if r.work == "" {
		r.work, err = os.MkdirTemp("", "bench")
	} else if r.work, err = filepath.Abs(r.work); err == nil {
		err = os.MkdirAll(r.work, 0o700)
	}
	if err != nil {
		return nil, err
	}
	if r.target, err = startTarget(r.self, r.work, r.cores.target); err != nil {
		return nil, err
	}
	r.run = report.Run{
		Date:     time.Now().UTC().Format("2006-01-02 15:04 UTC"),
		Machine:  fmt.Sprintf("%d cores, %s, load average at the start %s", runtime.NumCPU(), system(), proc.Load()),
		Command:  o.command,
		Settings: fmt.Sprintf("%d rounds, %v a cell, %d idle; %v", o.rounds, o.dur, o.idle, r.cores),
	}
	for _, p := range r.peers {
		r.run.Peers = append(r.run.Peers, report.Peer{Name: p.Name, Note: p.Note, Ours: p.Kind == peer.Ours, Rival: p.Rival, Ciphered: p.Ciphered, Bound: p.Bound, Absent: p.Absent})
	}
	return r, nil
}

func (r *runner) close() {
	r.target.close()
	if r.o.work == "" {
		os.RemoveAll(r.work)
	}
}

// chosen finds peers by name.
func chosen(names []string) ([]peer.Peer, error) {
	var found []peer.Peer
	for _, p := range peer.All() {
		if slices.Contains(names, p.Name) || len(names) == 0 && p.Default {
			found = append(found, p)
		}
	}
	if len(found) < len(names) {
		return nil, fmt.Errorf("not every one of %q is a peer; bench list names them", names)
	}
	return found, nil
}

// needless says of each peer whether a comparison with the committed ratios can do without.
func needless(all []peer.Peer) func(peer.Peer) bool {
	needed := map[string]bool{"direct": true}
	for _, p := range all {
		if p.Kind == peer.Ours {
			needed[p.Name], needed[p.Bound] = true, true
		}
	}
	return func(p peer.Peer) bool { return !needed[p.Name] }
}

// wants reports whether a cell is to be measured.
func (r *runner) wants(cell string) bool {
	return len(r.o.cells) == 0 || slices.ContainsFunc(r.o.cells, func(c string) bool { return strings.HasPrefix(cell, c) })
}

// build makes the gateway's binary, unless one was given or none is needed.
func (r *runner) build(ctx context.Context) error {
	if r.o.bin != "" || !slices.ContainsFunc(r.peers, func(p peer.Peer) bool { return p.Kind == peer.Ours }) {
		return nil
	}
	r.o.bin = filepath.Join(r.work, "bin")
	c := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", filepath.Join(r.o.bin, "causeway"), "./cmd/causeway")
	c.Dir = filepath.Join(r.o.config, "..")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build the gateway: %w\n%s", err, out)
	}
	return nil
}

// env is what a tunnel of that name is started with, in a scratch folder of its own.
func (r *runner) env(name string) (*peer.Env, error) {
	bin, err := filepath.Abs(r.o.bin)
	if err != nil {
		return nil, err
	}
	config, err := filepath.Abs(r.o.config)
	if err != nil {
		return nil, err
	}
	e := &peer.Env{Self: r.self, Bin: bin, Config: config, Work: filepath.Join(r.work, name), Target: r.target.Addr, Cores: r.cores.all}
	return e, os.MkdirAll(e.Work, 0o700)
}

// startWait is how long a peer has to come up.
const startWait = 20 * time.Second

func (r *runner) start(ctx context.Context, p *peer.Peer, e *peer.Env) (*peer.Tunnel, error) {
	ctx, stop := context.WithTimeout(ctx, startWait)
	defer stop()
	return p.Start(ctx, e)
}

// add keeps a sample.
func (r *runner) add(s report.Sample) {
	if s.Err != "" {
		log.Printf("round %d, %s, %s: %s", s.Round+1, s.Cell, s.Peer, s.Err)
	}
	r.run.Samples = append(r.run.Samples, s)
}

// timed runs the rounds. All peers are up meanwhile; one works at a time.
func (r *runner) timed(ctx context.Context) error {
	var wanted []cell
	for _, c := range cells() {
		if r.wants(c.name) {
			wanted = append(wanted, c)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	up := make([]*peer.Tunnel, len(r.peers))
	defer func() {
		for _, t := range up {
			t.Stop()
		}
	}()
	for i := range r.peers {
		if r.peers[i].Absent != "" || !fits(&r.peers[i], wanted) {
			continue
		}
		e, err := r.env(r.peers[i].Name)
		if err == nil {
			up[i], err = r.start(ctx, &r.peers[i], e)
		}
		if err != nil {
			up[i] = nil
			r.add(report.Sample{Peer: r.peers[i].Name, Cell: "start", Err: err.Error()})
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return r.rounds(ctx, wanted, up)
}

// spell is a part of the rounds: those of one cell follow each other in it, so that they are of the same minutes.
type spell struct {
	until  int                                        // the rounds of a cell by its end, at most
	enough func(cell string, maxForeign float64) bool // which cells need none beyond those that were asked for
}

// spells are first the rounds that were asked for, and as many again where direct was not steady; then more where it is not yet, since no row
// of such a cell counts; last more where a must is undecided.
func (r *runner) spells() []spell {
	return []spell{
		{max(r.o.rounds, (r.o.most+1)/2), r.run.Steady},
		{r.o.most, r.run.Steady},
		{r.o.most, r.run.Settled},
	}
}

// rounds runs the rounds of all cells.
func (r *runner) rounds(ctx context.Context, wanted []cell, up []*peer.Tunnel) error {
	done := map[string]int{}
	for _, s := range r.spells() {
		for _, c := range wanted {
			before := done[c.name]
			for ; done[c.name] < s.until && r.due(c, done[c.name], s.enough); done[c.name]++ {
				if err := r.turn(ctx, c, done[c.name], up); err != nil {
					return err
				}
			}
			if done[c.name] > before {
				log.Printf("%s: %d rounds done of %d to %d, load %s", c.name, done[c.name], r.o.rounds, r.o.most, proc.Load())
			}
		}
	}
	return nil
}

// fits reports whether any cell is for a peer.
func fits(p *peer.Peer, wanted []cell) bool {
	return slices.ContainsFunc(wanted, func(c cell) bool { return p.Fit(c.name) })
}

// publish writes the page and prints it.
func (r *runner) publish() error {
	var page bytes.Buffer
	page.WriteString("# Results\n\nWritten by `bench run`; see [README.md](README.md) for how to read it.\n\n")
	if err := report.Results(&page, r.o.foreign, &r.run); err != nil {
		return err
	}
	tables, _, _ := strings.Cut(page.String(), "\n## Raw data")
	fmt.Println(tables)
	if r.o.results == "" {
		return nil
	}
	return os.WriteFile(r.o.results, page.Bytes(), 0o644)
}

// system names kernel and compiler.
func system() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		release = []byte("unknown")
	}
	return "Linux " + strings.TrimSpace(string(release)) + ", " + runtime.Version()
}
