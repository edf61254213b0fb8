package config

import (
	"os"
	"path/filepath"
	"strings"
)

// The two ways to keep a key out of the file. A key of our own making is base64 and never begins so.
const (
	fromEnv  = "env:"
	fromFile = "file:"
)

// maxSecretFile bounds what is read for one key; a key has 256 characters at most.
const maxSecretFile = 4096

// secret resolves a key: itself, a variable's value or a file's content without its last line end. It gives "" after a
// problem. Neither the key nor the reference is ever cited.
func (l *loader) secret(text, path string, c *class) string {
	at := l.places[path]
	expect := "expected " + c.expect(nil)
	switch {
	case strings.HasPrefix(text, fromEnv):
		value := l.env[strings.TrimPrefix(text, fromEnv)]
		switch {
		case value == "":
			l.at(at, path, "the environment variable is not set or empty")
		case c.right(nil, value):
			return value
		default:
			l.at(at, path, expect+" in the environment variable")
		}
	case strings.HasPrefix(text, fromFile):
		return l.secretFile(at, path, strings.TrimPrefix(text, fromFile), c)
	case c.right(nil, text):
		if l.literal == nil && (c == classes["secret"] || strings.Contains(text, "SharedAccess")) { // a header's value may be no secret
			l.literal = &at
		}
		return text
	default:
		l.at(at, path, expect)
	}
	return ""
}

// secretFile reads a key from a file. Mounted secrets and systemd credentials are files of this form.
func (l *loader) secretFile(at place, path, name string, c *class) string {
	if name == "" {
		l.at(at, path, "expected a path after file:")
		return ""
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(l.dir(), name)
	}
	// A pipe or device could keep the load waiting: only ordinary files are opened.
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		l.at(at, path, "the file is no ordinary file")
		return ""
	}
	data, info, complaint := readFile(name, maxSecretFile)
	if complaint != "" {
		l.at(at, path, "the file "+complaint)
		return ""
	}
	// Editors and echo end a file with a line end that is no part of the key; more than one is a mistake.
	value := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if !c.right(nil, value) {
		what, _, _ := strings.Cut(c.expect(nil), ",")
		l.at(at, path, "expected "+what+" in the file")
		return ""
	}
	if tooOpen(info) {
		l.warn(at, path, "the file "+modeAdvice(info))
	}
	return value
}
