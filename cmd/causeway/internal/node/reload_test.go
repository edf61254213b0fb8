package node

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway"
)

// patience bounds a wait.
const patience = 30 * time.Second

// told is a node that only notes that it shall reload.
type told chan struct{}

func (c told) Reload(context.Context) (gateway.Reloaded, error) {
	c <- struct{}{}
	return gateway.Reloaded{}, nil
}

func (c told) await(t *testing.T, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("no reload after %s", what)
	}
}

// TestReloads: SIGHUP and a change of the file reload, and nothing does after the stop.
func TestReloads(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGHUP")
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	n := make(told)
	stop := reloads(t.Context(), n, "", log)
	for range 3 {
		if err := self.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		n.await(t, "SIGHUP")
	}
	stop()

	file := filepath.Join(t.TempDir(), "causeway.yaml")
	put := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("host: a\n")
	n = make(told)
	stop = reloads(t.Context(), n, file, log)
	tick, end := time.NewTicker(time.Second), time.After(patience)
	defer tick.Stop()
	for i := 0; ; i++ { // the watch begins some time: what was written before is no change
		put("host: a" + string(rune('a'+i)) + "\n")
		select {
		case <-n:
			stop()
			return
		case <-tick.C:
		case <-end:
			t.Fatal("no reload after a change of the file")
		}
	}
}
