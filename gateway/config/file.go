package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds the file: 10,000 entities with two rules each need about half of it.
const maxFile = 2 << 20

// openTo are the permissions that let a file of secrets be read or changed by users it is not meant for. Reading by the
// group is left out: that is how packages and Kubernetes hand secrets over.
const openTo fs.FileMode = 0o027

// readFile reads at most limit bytes. What went wrong is said without the path, which may be the value of a setting.
func readFile(path string, limit int64) (data []byte, info fs.FileInfo, complaint string) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, why(err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, nil, why(err)
	}
	if info.IsDir() {
		return nil, nil, "is a folder, not a file"
	}
	if data, err = io.ReadAll(io.LimitReader(f, limit+1)); err != nil {
		return nil, nil, why(err)
	}
	// One byte more than allowed was asked for, so a file that grows or has no size (a pipe) is bounded too.
	if int64(len(data)) > limit {
		return nil, nil, "is larger than " + strconv.FormatInt(limit, 10) + " bytes"
	}
	return data, info, ""
}

// why says what an error of the file system means. The error itself names the path and is not passed on.
func why(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "may not be read by this user; change its owner or mode"
	default:
		return "cannot be read"
	}
}

// tooOpen reports whether a file of secrets can be read by every user of the machine or changed by others than its owner.
// Windows has no such bits.
func tooOpen(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&openTo != 0
}

// modeAdvice is the end of a sentence that begins with the file.
func modeAdvice(info fs.FileInfo) string {
	return "has mode " + strconv.FormatUint(uint64(info.Mode().Perm()), 8) +
		", so others than its owner can read or change it; use chmod 600, or 640 with a group of its own"
}

// readConfig reads, parses and walks the file. It leaves the values in l.values for viper.
func (l *loader) readConfig() {
	if l.file == "" {
		return
	}
	data, info, complaint := readFile(l.file, maxFile)
	if complaint != "" {
		l.add(Problem{File: l.file, Message: "the file " + complaint})
		return
	}
	l.parse(data)
	if l.literal != nil && tooOpen(info) {
		l.warn(*l.literal, "", "this key stands in a file that "+modeAdvice(info)+", or write env:NAME or file:PATH instead of the key")
	}
}

// parse is readConfig without the file: what fuzzing calls.
func (l *loader) parse(data []byte) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if at := badByte(data); at >= 0 {
		line := bytes.Count(data[:at], []byte("\n"))
		start := bytes.LastIndexByte(data[:at], '\n') + 1
		l.at(place{line: line + 1, column: utf8.RuneCount(data[start:at]) + 1}, "",
			"the file is not UTF-8 text; save it as UTF-8")
		return
	}
	// Decoding into nodes keeps lines and columns, does not follow aliases and does not compare keys, so its cost grows with
	// the size of the file alone. The decoder stops after the first document: the second is asked for, to refuse it.
	docs := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	err := docs.Decode(&first)
	if errors.Is(err, io.EOF) {
		return // nothing but comments: everything is default
	}
	if err == nil {
		if err = docs.Decode(&second); err == nil {
			l.at(place{line: second.Line, column: second.Column}, "", "a second document begins here; keep one in the file")
			return
		}
	}
	if !errors.Is(err, io.EOF) {
		l.syntax(data, err)
		return
	}
	values := l.walk(first.Content[0], tree(), "")
	l.values, _ = values.(map[string]any)
}

// badByte is the offset of the first byte that is not UTF-8 or is a NUL, -1 when there is none.
func badByte(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == 0 || r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// mistakes turns what the parser says into what a person should do. Its own words may cite the file, so none is passed on.
var mistakes = []struct{ has, say string }{
	{"tab character", tabs},
	{"anchor", noAnchors},
	{"escape", "an escape in double quotes is unknown; write \\\\ for a backslash or use single quotes"},
	{"mapping values are not allowed", "a key stands where it cannot; check the indentation, and quote a text that holds a colon and a space"},
	{"cannot start any token", "a text that begins with @, ` or % must be quoted"},
	{"unexpected end of stream", "a quote that opens here is not closed"},
	{"',' or", "a bracket that opens here is not closed; quote a text that begins with [ or {"},
	{"node content", "a text that begins with [, {, &, *, ! or |, and inside [ ] one that begins with :, must be quoted"},
	{"control characters", "a control character stands here; remove it"},
	{"depth", "lists or keys are nested too deep"},
	{"did not find expected", "the line does not fit those above; check the indentation"},
}

// tabs is said whatever the parser says, when a tab is what it stopped at.
const tabs = "a tab indents this line; YAML takes spaces only"

// lineInError finds the only place the parser tells. Without one it stopped in the first line.
var lineInError = regexp.MustCompile(`line (\d+):`)

// syntax reports YAML that cannot be parsed, at the line where the parser stops.
func (l *loader) syntax(data []byte, err error) {
	message := "the file is no valid YAML from here on"
	for _, m := range mistakes {
		if strings.Contains(err.Error(), m.has) {
			message = m.say
			break
		}
	}
	line := 1
	if m := lineInError.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	line = firstBadLine(data, line)
	text := bytes.SplitN(data, []byte("\n"), line+1)[line-1]
	blank := len(text) - len(bytes.TrimLeft(text, " "))
	if bytes.HasPrefix(text[blank:], []byte("\t")) {
		message = tabs
	}
	l.at(place{line: line, column: blank + 1}, "", message)
}

// firstBadLine corrects the parser's line, which is off by up to two either way: the bad line is the one after the
// longest beginning of the file that still parses.
func firstBadLine(data []byte, reported int) int {
	// A few beginnings are tried, from the longest: each costs one parse. An open quote or bracket spoils every beginning
	// from its own line on, so the place is where it opens and not where the file ends.
	lines := bytes.SplitAfter(data, []byte("\n"))
	for n := min(reported+1, len(lines)-1); n >= max(0, reported-3); n-- {
		var node yaml.Node
		if yaml.Unmarshal(bytes.Join(lines[:n], nil), &node) == nil {
			return n + 1
		}
	}
	return min(max(reported, 1), len(lines))
}

// dir is the folder that relative paths in the file start from.
func (l *loader) dir() string { return filepath.Dir(l.file) }
