package wine

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/interop"
)

// machine is a wine with a folder of its own, and the program in it.
type machine struct {
	t   *testing.T
	dir string
	exe string
	env []string
}

// newMachine makes one. Where its wine lacks the library that Go's programs start with, one is compiled for it.
func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir()}
	m.exe = filepath.Join(m.dir, "causeway.exe")
	m.env = []string{"WINEPREFIX=" + filepath.Join(m.dir, "prefix"), "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=", "DISPLAY="}
	build := interop.Start(t, interop.Root(t), []string{"GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0"}, "go", "build", "-buildvcs=false", "-o", m.exe, "./cmd/causeway")
	build.Finish(4 * time.Minute)
	boot := interop.Start(t, m.dir, m.env, "wine", "wineboot", "-i")
	boot.End(2 * time.Minute) // what it leaves running holds its output open: what counts is the folder below
	m.halt()                  // services of a first start come and go
	t.Cleanup(m.halt)
	lib := filepath.Join(m.dir, "prefix", "drive_c", "windows", "system32", "bcryptprimitives.dll")
	if _, err := os.Stat(lib); err != nil {
		cc := interop.Start(t, filepath.Join(interop.Root(t), "interop", "wine", "testdata"), nil, "x86_64-w64-mingw32-gcc", "-shared", "-O2", "-o", lib, "prng.c", "-ladvapi32")
		cc.Finish(time.Minute)
	}
	return m
}

// halt ends what runs in this prefix alone, and waits for it.
func (m *machine) halt() {
	for _, flag := range []string{"-k", "-w"} {
		cmd := exec.Command("wineserver", flag)
		cmd.Env, cmd.WaitDelay = append(os.Environ(), m.env...), interop.Patience
		_ = cmd.Run() // there may be none left
	}
}

// run runs the program to its end and gives what it printed and its exit code.
func (m *machine) run(args ...string) (string, int) {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), "wine", append([]string{m.exe}, args...)...)
	cmd.Dir, cmd.Env = m.dir, append(os.Environ(), m.env...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		m.t.Fatalf("%v: %v", args, err)
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n"), cmd.ProcessState.ExitCode()
}

// wants runs it and wants code and words.
func (m *machine) wants(code int, words string, args ...string) string {
	m.t.Helper()
	out, got := m.run(args...)
	if got != code || !strings.Contains(out, words) {
		m.t.Fatalf("%v: exit code %d, want %d with %q:\n%s", args, got, code, words, out)
	}
	return out
}

// TestWindows: commands, and a connector at either end of a relay.
func TestWindows(t *testing.T) {
	if os.Getenv("CAUSEWAY_WINE") != "1" {
		t.Skip("runs the Windows program under wine, for a minute: make test-windows")
	}
	interop.Need(t, "wine")
	m := newMachine(t)
	m.wants(0, "windows/amd64", "version")
	const cs = "Endpoint=sb://localhost:1/;SharedAccessKeyName=send;SharedAccessKey=a2V5"
	token := m.wants(0, "SharedAccessSignature sr=http%3A%2F%2Flocalhost%2Fhyco", "token", "hyco", "--connection-string", cs)
	m.wants(0, "matches the key", "token", "check", strings.TrimSpace(token), "--connection-string", cs, "--relay", "hyco")
	m.wants(4, "wrong: This is a connection string", "token", "check", cs)
	t.Run("connectors", m.connectors)
}

// TestService installs a node under wine's own manager of services, which is slow on a busy machine and does not always start
// what it is told to (wine 8): it is run by hand, and is no part of make test-windows.
func TestService(t *testing.T) {
	if os.Getenv("CAUSEWAY_WINE") != "service" {
		t.Skip("runs a service under wine: CAUSEWAY_WINE=service CAUSEWAY_INTEROP=1 go test -run TestService ./interop/wine")
	}
	interop.Need(t, "wine")
	newMachine(t).service(t)
}

// connectors lead bytes from a sender to a Windows listener, and from a Windows forwarder to a listener.
func (m *machine) connectors(t *testing.T) {
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		ready := s.Cluster.Node(0).Ready()
		common := []string{"--connection-string", ready.ConnectionString, "--ca-file", "Z:" + filepath.ToSlash(ready.CAFile)}
		echo := echoServer(t)
		listener := interop.Start(t, m.dir, m.env, "wine", append([]string{m.exe, "listen", interop.Hyco, "--target", "tcp://" + echo}, common...)...)
		bind := freeAddress(t)
		forwarder := interop.Start(t, m.dir, m.env, "wine", append([]string{m.exe, "forward", interop.Hyco, "--bind", bind}, common...)...)
		listener.Await(`(?i)listen|online`)
		forwarder.Await(`(?i)forward|bound|listen`)
		for name, dial := range map[string]func() (net.Conn, error){
			"listen": func() (net.Conn, error) {
				return hybrid.Dial(t.Context(), ready.ConnectionString, hybrid.WithEntity(interop.Hyco), hybrid.WithCAFile(ready.CAFile))
			},
			"forward and listen": func() (net.Conn, error) { return net.Dial("tcp", bind) },
		} {
			conn, err := dial()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(interop.Patience))
			want := strings.Repeat("over Windows ", 20_000)
			go func() { _, _ = io.WriteString(conn, want) }() // the read below says what did not come
			got := make([]byte, len(want))
			if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
				t.Errorf("%s: %v, the texts are the same: %t", name, err, string(got) == want)
			}
		}
	})
}

// service installs a node, sees it serve, and takes it away.
func (m *machine) service(t *testing.T) {
	ready := filepath.Join(m.dir, "prefix", "drive_c", "ready.json")
	m.wants(0, "installed and started plant", "service", "install", "--name", "plant", "--", "serve", "--https", "127.0.0.1:0", "--http", "off", "--admin", "off",
		"--data", `C:\plant`, "--ready-file", `C:\ready.json`)
	tick, end := time.NewTicker(20*time.Millisecond), time.After(4*interop.Patience)
	defer tick.Stop()
	for {
		if _, err := os.Stat(ready); err == nil {
			break
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("the service is not ready")
		}
	}
	m.wants(0, `"state": "running"`, "service", "status", "--name", "plant", "-o", "json")
	m.wants(0, "stopped and removed plant", "service", "uninstall", "--name", "plant")
	m.wants(3, "not installed", "service", "status", "--name", "plant")
	if _, err := os.Stat(ready); err == nil {
		t.Error("the ready file is still there: the node did not end in order")
	}
	logs, err := filepath.Glob(filepath.Join(m.dir, "prefix", "drive_c", "*", "*", "causeway", "plant.log"))
	more, _ := filepath.Glob(filepath.Join(m.dir, "prefix", "drive_c", "ProgramData", "causeway", "plant.log")) // the pattern is right
	if logs = append(logs, more...); err != nil || len(logs) != 1 {
		t.Fatalf("logs %v %v", logs, err)
	}
	if b, err := os.ReadFile(logs[0]); err != nil || !strings.Contains(string(b), "msg=draining signal=terminated") {
		t.Errorf("the log does not tell of the stop: %v\n%s", err, b)
	}
}

// echoServer gives back what it is sent, at the address it returns.
func echoServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // ends with its peer
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return l.Addr().String()
}

// freeAddress is one that nobody has right now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
