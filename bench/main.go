// Command bench runs the same work through direct loopback, the bounds and the gateway, interleaved round by round, and
// reports ratios. It owns the order of a run and its accounts; what is started, how it is loaded and how it is shown are
// its packages'. Load, target, gateway and agent are processes of their own. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/causeway-relay/causeway/bench/limits"
	"github.com/causeway-relay/causeway/bench/peer"
	"github.com/causeway-relay/causeway/bench/report"
)

// command is one word of the command line.
type command struct {
	name string
	args int // how many it wants; -1: any
	help string
	run  func(ctx context.Context, args []string) error
}

// commands are for people first; those without help are started by peers, as processes.
func commands() []command {
	return []command{
		{"run", -1, "run [flags]      measure (flags: bench run -h)", run},
		{"report", -1, "report FILE...   show runs from their raw files together", show},
		{"check", -1, "check [flags]    measure, and compare with RESULTS.md (flags: those of run)", check},
		{"list", 0, "list             what can be measured", list},
		{"relay-gateway", 3, "", func(_ context.Context, a []string) error {
			return limits.RelayGateway(a[0], a[1], limits.Mode(a[2]))
		}},
		{"relay-agent", 3, "", func(_ context.Context, a []string) error {
			return limits.RelayAgent(a[0], a[1], limits.Mode(a[2]))
		}},
		{"fanout", 1, "", func(_ context.Context, a []string) error { return new(limits.Fan).Run(a[0]) }},
		{"hcref", 2, "", func(_ context.Context, a []string) error { return limits.NewHCRef(a[0], a[1]).Run() }},
		{"hcref-tcp", 2, "", func(_ context.Context, a []string) error {
			h := limits.NewHCRef(a[0], "ws")
			failed := make(chan error, 2)
			go func() { failed <- h.ServeBytes(a[1], "bench") }()
			go func() { failed <- h.Run() }()
			return <-failed
		}},
		{"listener", 4, "", listen},
		{"target", 1, "", serveTarget},
		{"serve", 1, "", serveApp},
		{"carry", 3, "", carry},
	}
}

func main() {
	log.SetFlags(log.Ltime)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := dispatch(ctx, os.Args[1:])
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// dispatch runs a command. Without one it is the default run, which writes RESULTS.md.
func dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		args = slices.Concat([]string{"run", "-results", "RESULTS.md"}, args)
	}
	var help strings.Builder
	help.WriteString("usage: bench [flags] is bench run -results RESULTS.md [flags]\n")
	for _, c := range commands() {
		if c.name == args[0] && (c.args < 0 || c.args == len(args)-1) {
			return c.run(ctx, args[1:])
		}
		if c.help != "" {
			help.WriteString("  bench " + c.help + "\n")
		}
	}
	return errors.New(help.String())
}

func list(context.Context, []string) error {
	for _, p := range peer.All() {
		mark := " "
		if p.Default {
			mark = "*"
		}
		if p.Absent != "" {
			p.Note += " (" + p.Absent + ")"
		}
		fmt.Printf("%s %-13s %s\n", mark, p.Name, p.Note)
	}
	for _, c := range cells() {
		fmt.Println("cell", c.name)
	}
	for _, g := range gatherings {
		for _, c := range g.cells {
			fmt.Println("cell", c.name)
		}
	}
	for _, name := range []string{volumeCell, idleCell, listenersCell, castMemory} {
		fmt.Println("cell", name)
	}
	return nil
}

// check measures what ours and its bounds have, and compares with the committed page.
func check(ctx context.Context, args []string) error {
	const committed = "RESULTS.md"
	page, err := os.ReadFile(committed)
	if err != nil {
		return err
	}
	before, err := report.ReadRaw(string(page))
	if err != nil {
		return err
	}
	const raw = "out/check.json"
	if err := run(ctx, slices.Concat([]string{"-check", "-out", raw}, args)); err != nil {
		return err
	}
	now, err := report.Load(raw)
	if err != nil {
		return err
	}
	v, err := report.Compare(os.Stdout, defaultForeign, before, now[0])
	switch {
	case err != nil:
		return err
	case v.Worse > 0:
		return fmt.Errorf("%d rows are worse than %s by more than %.0f %%, or miss their must: run it again on a quiet machine, then look for the cause with pprof",
			v.Worse, committed, report.Worse*100)
	case v.Judged == 0:
		return fmt.Errorf("no row could be judged against %s: run it on a quiet machine, in five rounds or more", committed)
	default:
		return nil
	}
}

func show(_ context.Context, files []string) error {
	runs, err := report.Load(files...)
	if err != nil {
		return err
	}
	return report.Results(os.Stdout, defaultForeign, runs...)
}
