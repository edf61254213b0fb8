package config

import (
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/internal/suggest"
)

// maxWord bounds the names of variables that are told about; longer ones are no mistyped settings.
const maxWord = 64

const (
	envPrefix = "CAUSEWAY_"
	// EnvFile names the variable that stands for --config.
	EnvFile = envPrefix + "CONFIG"
)

// otherEnv are variables with our prefix that are no settings of a node: those of the client commands.
var otherEnv = []string{EnvFile, "CAUSEWAY_CONNECTION_STRING", "CAUSEWAY_CA_FILE"}

// testEnv begins the variables of our own tests.
var testEnv = []string{"CAUSEWAY_INTEROP", "CAUSEWAY_TEST"}

// serviceEnv is what Kubernetes puts into every container for a service that is named causeway or causeway-SOMETHING.
var serviceEnv = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// environ makes a map of NAME=value lines. On Windows names have no case; they are kept in capitals there.
func environ(lines []string) map[string]string {
	env := make(map[string]string, len(lines))
	for _, line := range lines {
		if name, value, ok := strings.Cut(line, "="); ok && name != "" {
			if runtime.GOOS == "windows" {
				name = strings.ToUpper(name)
			}
			env[name] = value
		}
	}
	return env
}

// readEnv checks the variables that are settings, and warns of those that look like one. An empty variable is not set:
// compose files and unit files pass variables on whether or not the host has them. A stray variable is no error, because
// the environment has many authors.
func (l *loader) readEnv() {
	names := map[string]bool{}
	for _, path := range sortedKeys(scalars()) {
		s := scalars()[path]
		name := s.env()
		names[name] = true
		text := l.env[name]
		if text == "" {
			continue
		}
		l.over[path] = overlay{from: name, text: text}
		if !s.class.right(s, text) {
			l.wrong(place{from: name}, s, path, text)
		}
	}
	known := append(sortedKeys(names), otherEnv...)
	for _, name := range sortedKeys(l.env) {
		if strings.HasPrefix(name, envPrefix) && l.env[name] != "" && !slices.Contains(known, name) {
			l.strayEnv(name, known)
		}
	}
}

// strayEnv warns of a variable nobody reads: a later feature's, a list's, or a mistyped one, for which known has the names
// that would be right.
func (l *loader) strayEnv(name string, known []string) {
	for _, prefix := range testEnv {
		if strings.HasPrefix(name, prefix) {
			return
		}
	}
	if serviceEnv.MatchString(name) || len(name) > maxWord {
		return
	}
	key := strings.TrimPrefix(name, envPrefix)
	p := Problem{Warning: true}
	switch list := envList(key); {
	case later[strings.ToLower(strings.ReplaceAll(key, "_", "."))]:
		p.Message = notAvailable
	case list != "":
		p.Key, p.Message = list, "the list "+list+" is not set from the environment; write it in the file"
	default:
		p.Message = "nothing reads this variable"
		p.Suggestion = suggest.Nearest(name, known)
	}
	l.report(place{from: name}, p)
}

// envList gives the list that a variable's name seems to mean: ENTITIES, ENTITIES_0_NAME.
func envList(key string) string {
	found := ""
	tree().each(func(s *setting) {
		list := strings.TrimPrefix(s.env(), envPrefix)
		if s.elem != nil && !strings.Contains(s.path, "[]") && found == "" && (key == list || strings.HasPrefix(key, list+"_")) {
			found = s.path
		}
	})
	return found
}
