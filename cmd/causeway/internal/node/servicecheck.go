package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/internal/service"
)

// readFlags name files that a service reads, wroteFlags what it writes, which it may below its own folders alone.
var (
	readFlags  = []string{"config", "ca-file", "target-ca-file", "cert", "key"}
	wroteFlags = []string{"data", "ready-file"}
)

// unseen are the folders that a unit of ours hides from its service (ProtectHome=, PrivateTmp=: systemd.exec(5)).
var unseen = []string{"/home", "/root", "/run/user", "/tmp", "/var/tmp"}

// hidden is the folder of unseen that a path lies in, "" for none.
func hidden(path string) string {
	for _, dir := range unseen {
		if below(path, dir) {
			return dir
		}
	}
	return ""
}

// below reports whether a path lies in a folder, or is that.
func below(path, dir string) bool {
	path = filepath.Clean(path)
	return path == dir || strings.HasPrefix(path, dir+"/")
}

// filesThere finds what is to be read and cannot be found, before a service is started that would not find it either.
func filesThere(u *service.Unit, root *cobra.Command, words []string) error {
	if err := checkProgram(u); err != nil {
		return err
	}
	cmd, _, err := root.Find(words)
	if err != nil {
		return cli.Usage("%v", err)
	}
	for _, c := range u.Credentials {
		if _, err := os.Stat(c.File); errors.Is(err, fs.ErrNotExist) {
			return cli.Usage("--credential: there is no file %s", c.File)
		}
	}
	for _, flag := range readFlags {
		if f := cmd.Flags().Lookup(flag); f != nil && f.Value.String() != "" {
			if _, err := os.Stat(f.Value.String()); errors.Is(err, fs.ErrNotExist) {
				return cli.Usage("--%s: there is no file %s", flag, f.Value.String())
			}
		}
	}
	return nil
}

// checkProgram finds a program that the service of a unit could not reach. It is for the real installation: a plan is worth seeing
// before.
func checkProgram(u *service.Unit) error {
	if dir := hidden(u.Program); dir != "" && runtime.GOOS == "linux" {
		const to = "/usr/local/bin/causeway"
		return cli.Usage("a service sees nothing in %s, and this program lies there: 'sudo install %s %s', and install the service by 'sudo %s service install ...'", dir, u.Program, to, to)
	}
	return nil
}

// checkSeen finds files that the service of a unit could not reach.
func checkSeen(u *service.Unit, value func(flag string) string) error {
	for _, flag := range readFlags {
		if dir := hidden(value(flag)); dir != "" {
			return cli.Usage("--%s: a service sees nothing in %s: put the file somewhere else, such as /etc/causeway", flag, dir)
		}
	}
	own, run := "/var/lib/"+u.Name, "/run/"+u.Name
	for _, flag := range wroteFlags {
		if path := value(flag); path != "" && !below(path, own) && !below(path, run) {
			return cli.Usage("--%s: a service may write below %s and %s alone: name a place there, or leave the flag out", flag, own, run)
		}
	}
	return nil
}

// checkWords finds what would keep the service from running: unknown flags, relative paths, a file or a key that it cannot have.
func checkWords(root *cobra.Command, u *service.Unit, words []string) error {
	cmd, rest, err := root.Find(words)
	if err != nil {
		return cli.Usage("%v", err)
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return cli.Usage("%v", err)
	}
	value := func(flag string) string {
		if f := cmd.Flags().Lookup(flag); f != nil {
			return f.Value.String()
		}
		return ""
	}
	for _, flag := range slices.Concat(readFlags, wroteFlags) { // a service runs in another folder
		if path := value(flag); path != "" && !filepath.IsAbs(path) {
			whole, _ := filepath.Abs(path) // a working folder that is gone: no advice
			return cli.Usage("--%s: a service runs in another folder: write %s", flag, whole)
		}
	}
	if runtime.GOOS != "linux" {
		return nil
	}
	if err := checkSeen(u, value); err != nil {
		return err
	}
	if file := value("config"); file != "" && u.User == "" {
		if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o004 == 0 {
			return cli.Usage("--config: the service's own user may not read %s: give --user NAME of one who may, or keep keys out of it (env:, file:) and run 'chmod 644 %s'", file, file)
		}
	}
	given := slices.ContainsFunc(u.Credentials, func(c service.Credential) bool { return c.Name == cli.CredentialName })
	if words[0] != "serve" && value("connection-string") == "" && value("config") == "" && !given {
		return cli.Usage("the service has no connection string: write it into a file that only root can read and give --credential %s=FILE", cli.CredentialName)
	}
	return nil
}
