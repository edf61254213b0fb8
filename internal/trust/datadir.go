package trust

import (
	"path"
	"strings"
)

// DataDir is the data folder of a node that was told nothing, for a system (a GOOS) and an environment: CAUSEWAY_DATA, else
// the folder that systemd made, else the user's (configuration: `data`).
func DataDir(system string, env func(string) string) string {
	if dir := env("CAUSEWAY_DATA"); dir != "" {
		return dir
	}
	if system == "windows" {
		return windowsDir(env)
	}
	if first, _, _ := strings.Cut(env("STATE_DIRECTORY"), ":"); path.IsAbs(first) { // systemd.exec(5)
		return first
	}
	if base := env("XDG_DATA_HOME"); path.IsAbs(base) {
		return path.Join(base, "causeway")
	}
	if home := env("HOME"); path.IsAbs(home) {
		return path.Join(home, ".local", "share", "causeway")
	}
	return "/var/lib/causeway"
}

// windowsDir is that of a user, or of the machine for a service's account, which has no folder that anybody would look into.
func windowsDir(env func(string) string) string {
	local := env("LOCALAPPDATA")
	lower := strings.ToLower(local)
	if local == "" || strings.Contains(lower, `\systemprofile\`) || strings.Contains(lower, `\serviceprofiles\`) {
		if local = env("PROGRAMDATA"); local == "" {
			local = `C:\ProgramData`
		}
	}
	return local + `\causeway`
}
