package service

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestSession: the manager's wish to stop reaches the program as SIGTERM, and as the end of its context where it takes no
// signals; while it ends, the manager hears of it every second; the exit code comes out.
func TestSession(t *testing.T) {
	takes := func(ctx context.Context) int { // as serve does
		c := make(chan os.Signal, 2)
		defer Notify(c)()
		select {
		case s := <-c:
			if s != syscall.SIGTERM {
				return 9
			}
		case <-ctx.Done():
			return 8
		}
		<-time.After(2500 * time.Millisecond) // streams end
		return 0
	}
	for name, c := range map[string]struct {
		program func(context.Context) int
		asks    []Request
		code    int
		states  []State
	}{
		"signals":    {takes, []Request{StopNow}, 0, []State{Starting, Running, StopPending, StopPending, StopPending, Stopped}},
		"no signals": {func(ctx context.Context) int { <-ctx.Done(); return 7 }, []Request{Interrogate, StopNow}, 7, []State{Starting, Running, Running, StopPending, Stopped}},
		"ends":       {func(context.Context) int { return 3 }, nil, 3, []State{Starting, Running, Stopped}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				requests := make(chan Request)
				ended := make(chan int, 1)
				var states []State
				go func() { ended <- session(c.program, requests, func(s State) { states = append(states, s) }) }()
				synctest.Wait()
				for _, r := range c.asks {
					requests <- r
				}
				if code := <-ended; code != c.code {
					t.Errorf("exit code %d, want %d", code, c.code)
				}
				if diff := cmp.Diff(c.states, states); diff != "" {
					t.Errorf("states (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestNotifyDoesNotWait: a channel that nobody reads costs nothing, and one that was taken back gets nothing.
func TestNotifyDoesNotWait(t *testing.T) {
	c := make(chan os.Signal, 1)
	undo := Notify(c)
	for range 3 {
		if !tell() {
			t.Error("nobody was told")
		}
	}
	undo()
	<-c
	if tell(); len(c) > 0 {
		t.Error("told after the undo")
	}
}

// TestReady: systemd's socket hears of each state; without one nothing happens.
func TestReady(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("systemd is not there")
	}
	t.Setenv("NOTIFY_SOCKET", "")
	Ready()
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	for want, say := range map[string]func(){"READY=1": Ready, "STOPPING=1": Stopping} {
		say()
		b := make([]byte, 100)
		_ = socket.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := socket.Read(b)
		if err != nil || string(b[:n]) != want {
			t.Errorf("heard %q, want %q: %v", b[:n], want, err)
		}
	}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(dir, "gone"))
	Ready()
}

// TestLog: a log is written at its end, and put aside once it is long.
func TestLog(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sub", "plant.log")
	for _, text := range []string{"one\n", "two\n"} {
		f, err := openLog(file)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.WriteString(text)
		_ = f.Close()
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "one\ntwo\n" {
		t.Errorf("%q %v", b, err)
	}
	if err := os.Truncate(file, maxLog+1); err != nil {
		t.Fatal(err)
	}
	f, err := openLog(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("a long log goes on: %v", err)
	}
	if _, err := os.Stat(file + ".1"); err != nil {
		t.Error(err)
	}
	t.Setenv("PROGRAMDATA", "/pd")
	if got := LogFile("plant"); !strings.HasPrefix(got, "/pd") || !strings.HasSuffix(got, "plant.log") {
		t.Errorf("log file %s", got)
	}
}
