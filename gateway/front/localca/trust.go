package localca

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// updateTime bounds the command that rebuilds the machine's bundle; Debian's takes a second, five with Java's hook.
const updateTime = time.Minute

// store is a place where a Linux system takes certificates that its administrator trusts.
type store struct {
	system string   // for people
	dir    string   // absent: this is another system
	update []string // rebuilds the bundle that programs read
}

// stores, most common first.
var stores = []store{
	{"Debian, Ubuntu, Alpine", "/usr/local/share/ca-certificates", []string{"update-ca-certificates"}},
	{"Fedora, RHEL", "/etc/pki/ca-trust/source/anchors", []string{"update-ca-trust", "extract"}},
	{"Arch", "/etc/ca-certificates/trust-source/anchors", []string{"trust", "extract-compat"}},
	{"SUSE", "/etc/pki/trust/anchors", []string{"update-ca-certificates"}},
}

// TrustPlan is what makes a machine trust the authority: what Install does here, and what a person does for programs and
// systems with a store of their own.
type TrustPlan struct {
	// System names the store that was found, "" none: then Install has nothing to do, and Hints say what a person can.
	System string
	// Target is where Install copies the certificate.
	Target string
	// Update is the command that Install runs then.
	Update []string
	// Hints are for every other program and system, in the order of use.
	Hints []Hint

	ca *x509.Certificate
}

// Hint is one program or system with what a person runs or sets for it.
type Hint struct {
	For string // "Node.js", "Windows, as administrator"
	Do  string // one line, ready to paste; file names are quoted where they need it
}

// Trust plans for this machine. It changes nothing, so printing the plan is the dry run.
func (a *Authority) Trust() TrustPlan { return a.trust(stores) }

func (a *Authority) trust(stores []store) TrustPlan {
	file := a.file
	if abs, err := filepath.Abs(file); err == nil {
		file = abs // hints are pasted in another directory
	}
	name := strings.ToLower(strings.ReplaceAll(a.cert.Subject.CommonName, " ", "-"))
	p := TrustPlan{Hints: hints(file, a.cert.Subject.CommonName, name), ca: a.cert}
	for _, s := range stores {
		info, err := os.Stat(s.dir)
		if err != nil || !info.IsDir() {
			continue
		}
		p.System, p.Update = s.system, s.update
		p.Target = filepath.Join(s.dir, name+".crt") // Debian's tool looks for .crt only
		return p
	}
	return p
}

// Installed reports whether the machine's own roots, as programs of this system read them, lead to the certificate already.
func (p *TrustPlan) Installed() bool {
	roots, err := x509.SystemCertPool()
	if err != nil {
		return false
	}
	_, err = p.ca.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err == nil
}

// Install copies the certificate to Target and runs Update. Doing it twice is doing it once. It needs the rights of an
// administrator, which the error says.
func (p *TrustPlan) Install(ctx context.Context) error {
	if p.Target == "" {
		return errors.New("trust the local CA: no store of certificates is known on this system: follow the printed hint for it")
	}
	err := replace(p.Target, encodeCert(p.ca.Raw), 0o644)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("trust the local CA: %w: run the command again as administrator (sudo)", err)
	}
	if err != nil {
		return fmt.Errorf("trust the local CA: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, updateTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, p.Update[0], p.Update[1:]...).CombinedOutput() //nolint:gosec // the command is one of the table above
	if err != nil {
		return fmt.Errorf("trust the local CA: %s: %w: %s: run it by hand; the certificate is in %s",
			strings.Join(p.Update, " "), err, lastLine(out), p.Target)
	}
	return nil
}

func lastLine(out []byte) string {
	text := strings.TrimSpace(string(out))
	return text[strings.LastIndexByte(text, '\n')+1:]
}
