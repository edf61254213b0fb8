package config

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// burst drives settle with a file that is a variable.
type burst struct {
	events  chan fsnotify.Event
	errs    chan error
	content string
	gone    bool
	calls   []time.Duration // when changed was called, since the start
	result  chan error
	stop    context.CancelFunc
}

func startBurst(t *testing.T) *burst {
	t.Helper()
	b := &burst{events: make(chan fsnotify.Event), errs: make(chan error), result: make(chan error, 1)}
	ctx, stop := context.WithCancel(t.Context())
	b.stop = stop
	start := time.Now()
	look := func() ([sha256.Size]byte, bool) { return sha256.Sum256([]byte(b.content)), !b.gone }
	go func() {
		b.result <- settle(ctx, b.events, b.errs, look, func() {}, func() { b.calls = append(b.calls, time.Since(start)) })
	}()
	synctest.Wait()
	return b
}

// at does something after a pause and lets the loop come to rest.
func (b *burst) at(pause time.Duration, do func()) {
	<-time.After(pause)
	synctest.Wait() // what was due in the pause has run
	do()
	synctest.Wait()
}

func (b *burst) end(t *testing.T) {
	t.Helper()
	b.stop()
	if err := <-b.result; err != nil {
		t.Errorf("a watch that was stopped gave %v", err)
	}
}

func (b *burst) write(text string) func() {
	return func() { b.content = text; b.events <- fsnotify.Event{} }
}

func TestBurstsAreOneChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startBurst(t)
		for _, text := range []string{"a", "ab", "abc"} {
			b.at(50*time.Millisecond, b.write(text))
		}
		b.at(time.Second, b.write("abc")) // touched, content as before
		b.at(time.Second, func() { b.content = "d"; b.errs <- fsnotify.ErrEventOverflow })
		b.at(time.Second, func() { b.gone = true; b.events <- fsnotify.Event{} })
		b.at(time.Second, func() { b.gone = false; b.events <- fsnotify.Event{} }) // back as it was
		b.at(time.Second, b.write("e"))
		b.at(time.Second, func() {})
		b.end(t)
		want := []time.Duration{150*time.Millisecond + quiet, 2150*time.Millisecond + quiet, 5150*time.Millisecond + quiet}
		if len(b.calls) != len(want) || b.calls[0] != want[0] || b.calls[1] != want[1] || b.calls[2] != want[2] {
			t.Errorf("called at %v, want %v", b.calls, want)
		}
	})
}

func TestAFileThatNeverRestsIsReadAtLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startBurst(t)
		for i := range 30 {
			b.at(100*time.Millisecond, b.write(string(rune('a'+i))))
		}
		b.end(t)
		if len(b.calls) != 1 || b.calls[0] != 100*time.Millisecond+patience {
			t.Errorf("called at %v, want once after %v", b.calls, patience)
		}
	})
}

func TestTheWatcherEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startBurst(t)
		defer b.stop()
		close(b.events)
		if err := <-b.result; !errors.Is(err, errWatcherEnded) {
			t.Errorf("got %v", err)
		}
	})
}

// TestWatch changes real files in the ways that editors and Kubernetes do.
func TestWatch(t *testing.T) {
	put := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	plain := filepath.Join(dir, "causeway.yaml")
	put(plain, "1")
	// As kubelet mounts a volume: causeway.yaml -> ..data/causeway.yaml, ..data -> ..v1.
	volume := filepath.Join(dir, "volume")
	do(os.MkdirAll(filepath.Join(volume, "..v1"), 0o700))
	put(filepath.Join(volume, "..v1", "causeway.yaml"), "1")
	elsewhere := filepath.Join(dir, "elsewhere")
	do(os.Mkdir(elsewhere, 0o700))
	put(filepath.Join(elsewhere, "real.yaml"), "1")
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege")
	}
	mounted := filepath.Join(volume, "causeway.yaml")
	do(os.Symlink("..v1", filepath.Join(volume, "..data")))
	do(os.Symlink(filepath.Join("..data", "causeway.yaml"), mounted))
	linked := filepath.Join(volume, "linked.yaml")
	do(os.Symlink(filepath.Join(elsewhere, "real.yaml"), linked))

	for _, c := range []struct {
		name, file string
		steps      []func()
	}{
		{"editors", plain, []func(){
			func() { put(plain, "in place") },
			func() { put(plain+".tmp", "renamed over"); do(os.Rename(plain+".tmp", plain)) },
			func() { do(os.Rename(plain, plain+"~")); put(plain, "old one moved away") },
			func() { do(os.Remove(plain)); put(plain, "removed and made anew") },
			func() { put(plain, "in place again") },
		}},
		{"kubernetes", mounted, []func(){
			func() { swap(t, volume, "..v2") },
			func() { do(os.RemoveAll(filepath.Join(volume, "..v1"))); swap(t, volume, "..v3") },
			func() { put(filepath.Join(volume, "..v3", "causeway.yaml"), "in place") },
		}},
		{"link to another folder", linked, []func(){
			func() { put(filepath.Join(elsewhere, "real.yaml"), "in place") },
			func() {
				put(filepath.Join(elsewhere, "new"), "renamed over")
				do(os.Rename(filepath.Join(elsewhere, "new"), filepath.Join(elsewhere, "real.yaml")))
			},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			begun, calls, result := make(chan struct{}), make(chan struct{}, 16), make(chan error, 1)
			go func() {
				result <- watch(ctx, c.file, func() { close(begun) }, func() { calls <- struct{}{} })
			}()
			<-begun
			for i, step := range c.steps {
				step()
				select {
				case <-calls:
				case <-time.After(20 * time.Second):
					t.Errorf("step %d was not seen", i)
				}
			}
			stop()
			if err := <-result; err != nil {
				t.Errorf("the watch ended with %v", err)
			}
			if n := len(calls); n != 0 {
				t.Errorf("%d calls too many", n)
			}
		})
	}
	if err := Watch(t.Context(), filepath.Join(dir, "no", "causeway.yaml"), func() {}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that does not exist gave %v", err)
	}
}

// swap switches ..data to a new version in one step, as kubelet does.
func swap(t *testing.T, volume, version string) {
	t.Helper()
	steps := []error{
		os.Mkdir(filepath.Join(volume, version), 0o700),
		os.WriteFile(filepath.Join(volume, version, "causeway.yaml"), []byte(version), 0o600),
		os.Symlink(version, filepath.Join(volume, "..data_tmp")),
		os.Rename(filepath.Join(volume, "..data_tmp"), filepath.Join(volume, "..data")),
	}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
}
