package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// TestDoctorInterrupted: a doctor that waits for an answer ends at once when it is interrupted, without rows that tell of the interruption.
func TestDoctorInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: Windows has no interrupt between processes")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	causeway, err := exec.LookPath("causeway") // as the stories do
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), causeway, "doctor", "hyco", "--plain", "--timeout", "10m",
		"--connection-string", "Endpoint=sb://"+l.Addr().String()+"/;SharedAccessKeyName=n;SharedAccessKey=a2V5")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "GORACE=atexit_sleep_ms=0")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	bound := time.AfterFunc(patience, func() { _ = cmd.Process.Kill(); _ = l.Close() })
	defer bound.Stop()
	for range 2 { // the row tcp, and the one that waits
		conn, err := l.Accept()
		if err != nil {
			t.Error(err)
			break
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	_ = cmd.Process.Signal(os.Interrupt) // of one that has ended is told below
	_ = cmd.Wait()                       // the exit code is looked at
	if code := cmd.ProcessState.ExitCode(); code != 1 || said.Len() > 0 {
		t.Errorf("%v, and it says %q", cmd.ProcessState, said.String())
	}
}
