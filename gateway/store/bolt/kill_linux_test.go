package bolt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/store/internal/book"
)

// canary is what a writer prints when the kernel does not let it watch its own syncs.
const canary = "cannot watch syncs"

// TestKillLosesNothing kills a writer 100 times at random instants. After each kill the store must open with exactly the
// changes that were acknowledged, or with the one more that was under way: from the file as the kernel has it, from the
// file as it was at the last sync, and from any mixture of their pages, in which a disk may lie after a power cut.
func TestKillLosesNothing(t *testing.T) {
	const chains, kills = 2, 50 // side by side, each going on from what the last kill left
	var wg sync.WaitGroup
	var acknowledged [chains]int
	for c := range chains {
		dir := t.TempDir()
		wg.Go(func() {
			for k := range kills {
				n, lost := killOnce(t, dir, uint64(c*kills+k), false)
				acknowledged[c] += n
				if lost != nil || t.Failed() || t.Skipped() {
					if lost != nil {
						t.Errorf("chain %d, kill %d: %v", c, k, lost)
					}
					return
				}
			}
		})
	}
	wg.Wait()
	skipWithoutSeccomp(t)
	t.Logf("%d and %d acknowledged", acknowledged[0], acknowledged[1])
	if sum := acknowledged[0] + acknowledged[1]; sum < 2*kills {
		t.Errorf("only %d changes were acknowledged in %d kills: the test saw too little", sum, chains*kills)
	}
}

// TestKillFindsMissingSync is the same with syncing switched off: it must find the loss, or the test above proves nothing.
func TestKillFindsMissingSync(t *testing.T) {
	dir := t.TempDir()
	lost := 0
	for k := range 4 {
		n, err := killOnce(t, dir, 1000+uint64(k)*2, true) // even: killed after some acknowledgements
		skipWithoutSeccomp(t)
		if n > 0 && !errors.Is(err, errLost) {
			t.Errorf("kill %d: a store that never syncs kept all of %d changes (%v): the disk of this test is no disk", k, n, err)
		}
		lost += n
	}
	if lost == 0 {
		t.Error("nothing was acknowledged, so nothing could be lost")
	}
}

// errLost is wrapped by the error of killOnce when a store does not have what it acknowledged.
var errLost = errors.New("the store does not have what it acknowledged")

// noSeccomp is set when a writer could not watch its syncs.
var noSeccomp sync.Map

func skipWithoutSeccomp(t *testing.T) {
	t.Helper()
	why, ok := noSeccomp.Load(canary)
	if !ok {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("the kernel lets no process watch its own fsync: %v", why)
	}
	t.Skipf("SKIPPED: the kernel lets no process watch its own fsync, so that a lost one cannot be seen: %v", why)
}

// killOnce starts a writer on the disk's state, kills it at a random instant and says what was lost of the changes that
// it acknowledged, and how many those were. The disk then has what the last sync left.
func killOnce(t *testing.T, dir string, seed uint64, noSync bool) (acknowledged int, lost error) {
	t.Helper()
	live, disk := filepath.Join(dir, "live"), filepath.Join(dir, "disk")
	before, err := readState(disk)
	if err != nil {
		return 0, fmt.Errorf("before: %w", err)
	}
	if err := copyDir(disk, live); err != nil {
		return 0, err
	}
	acknowledged, err = runAndKill(t, dir, seed, noSync)
	if err != nil {
		return acknowledged, err
	}
	want := replay(before, seed, acknowledged)
	next := replay(before, seed, acknowledged+1)
	mixed, err := mix(dir, live, disk, seed)
	if err != nil {
		return acknowledged, err
	}
	for _, folder := range []string{live, disk, mixed} {
		got, err := readState(folder)
		if err != nil {
			return acknowledged, fmt.Errorf("%s after %d changes: %w", filepath.Base(folder), acknowledged, err)
		}
		if !cmp.Equal(want, got) && !cmp.Equal(next, got) {
			return acknowledged, fmt.Errorf("%w: %s after %d changes (-acknowledged, +found):\n%s",
				errLost, filepath.Base(folder), acknowledged, cmp.Diff(want, got))
		}
	}
	return acknowledged, nil
}

// runAndKill runs a writer, counts what it acknowledges and kills it: for an even seed a moment after some
// acknowledgements, for an odd one some time after its start, which may be before its first.
func runAndKill(t *testing.T, dir string, seed uint64, noSync bool) (int, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), writerDir+"="+dir, writerSeed+"="+strconv.FormatUint(seed, 10), writerNoSync+"="+strconv.FormatBool(noSync))
	var talk strings.Builder
	cmd.Stderr = &talk
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	after, delay := 0, time.Duration(rng.IntN(60_000))*time.Microsecond
	if seed%2 == 0 {
		after, delay = 1+rng.IntN(12), time.Duration(rng.IntN(3_000))*time.Microsecond
	}
	acknowledged, r := 0, bufio.NewReader(out)
	for acknowledged < after {
		if _, err := r.ReadByte(); err != nil {
			break
		}
		acknowledged++
	}
	timer := time.NewTimer(delay)
	<-timer.C // the random instant
	_ = cmd.Process.Kill()
	rest, _ := io.Copy(io.Discard, r)
	_ = cmd.Wait()
	if said := talk.String(); strings.Contains(said, canary) {
		noSeccomp.Store(canary, strings.TrimSpace(said))
		return 0, nil
	} else if said != "" {
		return 0, fmt.Errorf("the writer says %s", said)
	}
	return acknowledged + int(rest), nil
}

// writer is the victim: it changes the store at dir/live for ever and writes one byte for every change that is done.
func writer(dir string) {
	err := func() error {
		live, disk := filepath.Join(dir, "live"), filepath.Join(dir, "disk")
		if err := watchSyncs(imager(filepath.Join(live, stateFile), filepath.Join(disk, stateFile))); err != nil {
			return fmt.Errorf("%s: %w", canary, err)
		}
		k, view, revision, err := open(live, Params{})
		if err != nil {
			return err
		}
		k.db.NoSync = os.Getenv(writerNoSync) == "true"
		k.db.NoGrowSync = k.db.NoSync
		s := book.New(k, view, revision)
		seed, err := strconv.ParseUint(os.Getenv(writerSeed), 10, 64)
		if err != nil {
			return err
		}
		for n, rng := 0, changes(seed); ; n++ {
			if err := nextChange(rng, seed, n, func(name string) bool { return s.View().Get(entity.Address{Path: name}) != nil }).do(s); err != nil {
				return err
			}
			if _, err := os.Stdout.Write([]byte{'.'}); err != nil {
				return err
			}
		}
	}()
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// state is what a store has, as far as this test looks: each entity's last change, and the name of the namespace's one rule.
type state struct {
	Entities map[string]string
	Rule     string
}

// change is one thing that the writer does.
type change struct{ put, metadata, del, rule string }

const padding = " padding"

func changes(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 2)) }

// nextChange decides the n-th change of a seed, alike in the writer and in the test.
func nextChange(rng *rand.Rand, seed uint64, n int, exists func(string) bool) change {
	name, dice := fmt.Sprintf("e%d", rng.IntN(20)), rng.IntN(10)
	label := fmt.Sprintf("%d-%d", seed, n)
	switch {
	case dice == 0:
		return change{rule: "r" + label}
	case dice < 4 && exists(name):
		return change{del: name}
	}
	return change{put: name, metadata: label + strings.Repeat(padding, rng.IntN(300))}
}

func (c change) do(s store.Store) error {
	ctx := context.Background()
	switch {
	case c.rule != "":
		return s.PutRules(ctx, []entity.Rule{entity.NewRule(c.rule, entity.Manage)}, store.Any)
	case c.del != "":
		return s.Delete(ctx, entity.Address{Path: c.del}, store.Any)
	}
	e := &entity.Entity{Name: c.put, At: entity.Address{Path: c.put}, Kind: entity.Hybrid, UserMetadata: c.metadata}
	e.Rules = []entity.Rule{entity.NewRule("send", entity.Send)}
	_, err := s.Put(ctx, e, store.Any)
	return err
}

// replay gives the state after n changes.
func replay(before state, seed uint64, n int) state {
	s := state{Entities: maps.Clone(before.Entities), Rule: before.Rule}
	rng := changes(seed)
	for i := range n {
		c := nextChange(rng, seed, i, func(name string) bool { _, ok := s.Entities[name]; return ok })
		switch {
		case c.rule != "":
			s.Rule = c.rule
		case c.del != "":
			delete(s.Entities, c.del)
		default:
			s.Entities[c.put] = summary(c.metadata)
		}
	}
	return s
}

// summary shortens metadata, whose padding only makes records of many sizes.
func summary(metadata string) string {
	short := strings.ReplaceAll(metadata, padding, "")
	return fmt.Sprintf("%s with %d", short, (len(metadata)-len(short))/len(padding))
}

// readState opens a store, or makes it, and reads all of it: every key must open.
func readState(dir string) (state, error) {
	s, err := Open(dir, Params{LockTimeout: 10 * time.Second})
	if err != nil {
		return state{}, err
	}
	defer s.Close()
	got := state{Entities: map[string]string{}}
	for e := range s.View().All() {
		got.Entities[e.Name] = summary(e.UserMetadata)
	}
	for _, r := range s.View().Rules() {
		got.Rule = r.Name
	}
	return got, nil
}

// copyDir copies the store's two files.
func copyDir(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, name := range []string{stateFile, keyFile} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// mix makes a folder whose state file has each 4 KiB from one of two others, by chance.
func mix(dir, live, disk string, seed uint64) (string, error) {
	mixed := filepath.Join(dir, "mixed")
	if err := copyDir(disk, mixed); err != nil {
		return "", err
	}
	a, errA := os.ReadFile(filepath.Join(live, stateFile))
	b, errB := os.ReadFile(filepath.Join(disk, stateFile))
	if err := errors.Join(errA, errB); err != nil {
		return "", err
	}
	rng := rand.New(rand.NewPCG(seed, 3))
	for i := 0; i < len(b); i += 4096 {
		if rng.IntN(2) == 0 && i < len(a) {
			copy(b[i:min(i+4096, len(b))], a[i:])
		}
	}
	return mixed, os.WriteFile(filepath.Join(mixed, stateFile), b, 0o600)
}
