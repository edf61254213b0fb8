package localca

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// hint is what the plan says for a program.
func (p *TrustPlan) hint(t *testing.T, program string) string {
	t.Helper()
	for _, h := range p.Hints {
		if strings.HasPrefix(h.For, program) {
			return h.Do
		}
	}
	t.Fatalf("nothing is said for %s", program)
	return ""
}

func TestTrustInstalls(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stores are those of Linux")
	}
	root := t.TempDir()
	log := filepath.Join(root, "log")
	a := open(t, t.TempDir())
	p := a.trust([]store{
		{"None", filepath.Join(root, "missing"), []string{"false"}},
		{"Test", root, []string{"sh", "-c", "echo updated >>" + quotePosix(log)}},
	})
	if p.System != "Test" || filepath.Dir(p.Target) != root || filepath.Ext(p.Target) != ".crt" {
		t.Fatalf("plan %+v", p)
	}
	if _, err := os.Stat(p.Target); err == nil {
		t.Fatal("planning has changed something")
	}
	for range 2 {
		if err := p.Install(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(a.File())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(p.Target); err != nil || !bytes.Equal(got, want) {
		t.Errorf("installed %q, %v", got, err)
	}
	if got, err := os.ReadFile(log); err != nil || string(got) != "updated\nupdated\n" {
		t.Errorf("the command ran: %q, %v", got, err)
	}
	if p.Installed() {
		t.Error("a CA that the system has not is said to be there")
	}
}

func TestTrustSaysWhatIsWrong(t *testing.T) {
	a := open(t, t.TempDir())
	p := a.trust(nil)
	if err := p.Install(t.Context()); err == nil || p.System != "" || !strings.Contains(err.Error(), "hint") {
		t.Errorf("no store: %v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	p = a.trust([]store{{"Test", t.TempDir(), []string{"sh", "-c", "printf ta; echo lk; echo no such hook >&2; exit 3"}}})
	err := p.Install(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no such hook") || !strings.Contains(err.Error(), p.Target) || strings.Contains(err.Error(), "talk") {
		t.Errorf("a command that fails: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Install(ctx); err == nil {
		t.Error("a cancelled context installs")
	}
	if os.Getuid() != 0 {
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		p = a.trust([]store{{"Test", dir, []string{"true"}}})
		if err := p.Install(t.Context()); err == nil || !strings.Contains(err.Error(), "administrator") {
			t.Errorf("without rights: %v", err)
		}
	}
}

// TestDebian runs the real tool on directories of the test's own, and looks for the CA in the bundle it makes.
func TestDebian(t *testing.T) {
	script, err := os.ReadFile(need(t, "update-ca-certificates"))
	if err != nil || !strings.Contains(string(script), "--localcertsdir") {
		t.Skipf("this update-ca-certificates takes no directories: %v", err)
	}
	local, etc, hooks := t.TempDir(), t.TempDir(), t.TempDir()
	conf := filepath.Join(t.TempDir(), "conf")
	if err := os.WriteFile(conf, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	a := open(t, t.TempDir())
	p := a.trust([]store{{"Debian", local, []string{
		"update-ca-certificates", "--certsconf", conf, "--certsdir", t.TempDir(), "--localcertsdir", local, "--etccertsdir", etc, "--hooksdir", hooks,
	}}})
	if err := p.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	bundle, err := os.ReadFile(filepath.Join(etc, "ca-certificates.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(bundle), strings.TrimSpace(string(encodeCert(a.Certificate().Raw)))) {
		t.Errorf("the bundle of %d bytes does not have the CA", len(bundle))
	}
}

// TestChromiumHint pastes the line for Chromium into a shell of a user who has no store yet, twice.
func TestChromiumHint(t *testing.T) {
	certutil := need(t, "certutil")
	home := filepath.Join(t.TempDir(), "a home")
	dir := filepath.Join(t.TempDir(), "it's a dir")
	for _, d := range []string{home, dir} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	p := open(t, dir).Trust()
	for range 2 {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", p.hint(t, "Chromium"))
		cmd.Env = append(os.Environ(), "HOME="+home)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	out, err := exec.CommandContext(t.Context(), certutil, "-L", "-d", "sql:"+filepath.Join(home, ".pki", "nssdb")).CombinedOutput()
	if err != nil || strings.Count(string(out), "Causeway local CA") != 1 || !strings.Contains(string(out), "C,,") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestJavaHint runs the line for Java on a key store of the test's own.
func TestJavaHint(t *testing.T) {
	need(t, "keytool")
	p := open(t, t.TempDir()).Trust()
	file := filepath.Join(t.TempDir(), "store")
	line := p.hint(t, "Java")
	own := strings.Replace(line, "-cacerts", "-keystore "+quotePosix(file), 1)
	if own == line {
		t.Fatalf("%q does not say -cacerts", line)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", own).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), "keytool", "-list", "-storepass", "changeit", "-keystore", file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "causeway-local-ca-") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestHints names every program that the architecture promises, each with the absolute path.
func TestHints(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("data", 0o700); err != nil {
		t.Fatal(err)
	}
	p := open(t, "data").Trust()
	abs, err := filepath.Abs(filepath.Join("data", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for program, want := range map[string]string{
		"Windows": "certutil -addstore", "macOS": "security add-trusted-cert", "Chromium": "certutil -A", "Firefox": "certutil -A",
		"Node.js": "NODE_EXTRA_CA_CERTS=", ".NET": "SSL_CERT_FILE=", "Python": "REQUESTS_CA_BUNDLE=", "Java": "keytool -importcert",
		"curl": "--cacert", "causeway": "CAUSEWAY_CA_FILE=",
	} {
		if got := p.hint(t, program); !strings.Contains(got, want) || !strings.Contains(got, abs) || strings.Contains(got, "\n") {
			t.Errorf("%s: %q", program, got)
		}
	}
}

func TestQuotes(t *testing.T) {
	for in, want := range map[string]string{
		"/var/lib/causeway/ca.pem": "/var/lib/causeway/ca.pem", "/a b": "'/a b'", "it's": `'it'\''s'`, "": "''", "$x": "'$x'", "ü": "'ü'",
	} {
		if got := quotePosix(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{`C:\data\ca.pem`: `C:\data\ca.pem`, `C:\Program Files\ca.pem`: `"C:\Program Files\ca.pem"`} {
		if got := quoteWindows(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
