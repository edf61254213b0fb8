package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// systemd is a Manager that writes unit files.
type systemd struct {
	dir    string      // where the administrator's units lie
	others []string    // where those of the system's own packages lie
	booted func() bool // reports whether systemd runs here, sd_booted(3)
	// run runs systemctl and gives what it printed.
	run func(ctx context.Context, args ...string) (string, error)
}

// unitDir is where an administrator's units lie (systemd.unit(5)).
const unitDir = "/etc/systemd/system"

// packagedUnits are where packages put theirs, which an administrator's unit of the same name would hide (systemd.unit(5)).
var packagedUnits = []string{"/usr/lib/systemd/system", "/lib/systemd/system"}

// header is the first line of a unit of ours, up to its name.
const header = "# Written by 'causeway service install'."

func (s *systemd) file(name string) string { return filepath.Join(s.dir, name+".service") }

// ours reports whether a name is free, or its unit one of ours. Somebody else's is neither replaced nor hidden nor
// taken away, nor shown as ours.
func (s *systemd) ours(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	b, err := os.ReadFile(s.file(name))
	foreign := s.file(name)
	switch {
	case err == nil && bytes.HasPrefix(b, []byte(header)):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		i := slices.IndexFunc(s.others, func(dir string) bool { _, err := os.Stat(filepath.Join(dir, name+".service")); return err == nil })
		if i < 0 {
			return nil
		}
		foreign = filepath.Join(s.others[i], name+".service")
	case err != nil:
		return rightsAdvice(fmt.Errorf("look at the unit: %w", err))
	}
	return notOurs(name, foreign)
}

// Install implements Manager.
func (s *systemd) Install(ctx context.Context, u *Unit) error {
	if err := u.Check(); err != nil {
		return err
	}
	if !s.booted() {
		return ErrSystem
	}
	if err := s.ours(u.Name); err != nil {
		return err
	}
	if err := os.WriteFile(s.file(u.Name), []byte(u.Systemd()), 0o644); err != nil { //nolint:gosec // units are read by all; secrets are credentials
		return rightsAdvice(fmt.Errorf("write the unit: %w", err))
	}
	// enable --now starts what does not run; restart takes up a unit that was replaced.
	for _, args := range [][]string{{"daemon-reload"}, {"enable", u.Name}, {"restart", u.Name}} {
		if out, err := s.run(ctx, args...); err != nil {
			return fmt.Errorf("systemctl %s: %w: %s; see 'journalctl -u %s'", strings.Join(args, " "), err, strings.TrimSpace(out), u.Name)
		}
	}
	return nil
}

// Uninstall implements Manager.
func (s *systemd) Uninstall(ctx context.Context, name string) error {
	if err := s.ours(name); err != nil {
		return err
	}
	if _, err := os.Stat(s.file(name)); errors.Is(err, fs.ErrNotExist) {
		return ErrNone
	}
	if !s.booted() {
		return ErrSystem
	}
	if out, err := s.run(ctx, "disable", "--now", name); err != nil {
		return fmt.Errorf("systemctl disable --now %s: %w: %s: if that is for want of rights, run the command again as administrator (sudo)", name, err, strings.TrimSpace(out))
	}
	if err := os.Remove(s.file(name)); err != nil {
		return rightsAdvice(fmt.Errorf("remove the unit: %w", err))
	}
	if out, err := s.run(ctx, "daemon-reload"); err != nil {
		return fmt.Errorf("systemctl daemon-reload: %w: %s", err, strings.TrimSpace(out))
	}
	return nil
}

// Status implements Manager. systemctl's exit codes say what its words say: only words are read.
func (s *systemd) Status(ctx context.Context, name string) (Status, error) {
	if err := s.ours(name); err != nil {
		return Status{}, err
	}
	st := Status{Name: name}
	if _, err := os.Stat(s.file(name)); errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if !s.booted() {
		return st, ErrSystem
	}
	st.Installed = true
	enabled, _ := s.run(ctx, "is-enabled", name) // as above
	st.Enabled = strings.TrimSpace(enabled) == "enabled"
	active, err := s.run(ctx, "is-active", name)
	words := map[string]string{
		"active": "running", "reloading": "running", "activating": "starting", "deactivating": "stopping", "inactive": "stopped", "failed": "failed",
	}
	if st.State = words[strings.TrimSpace(active)]; st.State == "" {
		return st, fmt.Errorf("systemctl is-active %s: %w: %s", name, err, strings.TrimSpace(active))
	}
	return st, nil
}

// Plan implements Manager.
func (s *systemd) Plan(u *Unit) Plan {
	return Plan{
		File: s.file(u.Name), Text: u.Systemd(), Run: []string{"systemctl daemon-reload", "systemctl enable " + u.Name, "systemctl restart " + u.Name},
	}
}

// rightsAdvice adds what to do where only an administrator may.
func rightsAdvice(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: run the command again as administrator (sudo)", err)
	}
	return err
}

// Systemd is the unit's file. What the service may do is what a gateway or a connector needs: the network, its own folder
// (/var/lib/NAME, which is its data folder), and ports below 1024.
func (u *Unit) Systemd() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(header+" Changes belong into a drop-in: systemctl edit %s", u.Name)
	line("[Unit]")
	line("Description=%s", strings.ReplaceAll(u.Description, "%", "%%"))
	line("Wants=network-online.target\nAfter=network-online.target")
	line("\n[Service]")
	kind := "exec"
	if u.Notify {
		kind = "notify"
	}
	line("Type=%s", kind)
	words := []string{strings.ReplaceAll(quote(u.Program), "$$", "$")} // variables are not read in the first word
	for _, a := range u.Args {
		words = append(words, quote(a))
	}
	line("ExecStart=%s", strings.Join(words, " "))
	if u.Notify {
		line("ExecReload=/bin/kill -HUP $MAINPID")
	}
	line("Restart=always\nRestartSec=2\nTimeoutStopSec=%d", int(u.Stop.Seconds()))
	if u.User == "" {
		line("DynamicUser=yes")
	} else {
		line("User=%s", u.User)
	}
	line("StateDirectory=%s\nStateDirectoryMode=0700\nRuntimeDirectory=%s", u.Name, u.Name)
	for _, c := range u.Credentials {
		line("LoadCredential=%s:%s", c.Name, strings.ReplaceAll(c.File, "%", "%%"))
	}
	b.WriteString(hardening)
	line("\n[Install]\nWantedBy=multi-user.target")
	return b.String()
}

// hardening is what systemd-analyze security asks for and a network service can do without (systemd.exec(5)). ProcSubset=pid is not
// among it: it hides net.core.somaxconn, without which Go lets 128 connections wait at a door instead of the system's 4,096.
const hardening = `AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
LimitNOFILE=1048576
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0077
`

// quote makes one word of a command line (systemd.service(5)): percent signs are specifiers there, dollars variables.
func quote(word string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", "$$", "\t", `\t`).Replace(word)
	if word != "" && !strings.ContainsAny(word, " \t\"'\\;") {
		return escaped
	}
	return `"` + escaped + `"`
}
