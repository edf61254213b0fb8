package config

import (
	"cmp"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/viper"
)

// maxProblems bounds the report: more than this is one mistake with many consequences.
const maxProblems = 100

// Params is what Load reads from.
type Params struct {
	// File is the path of causeway.yaml. "": the variable CAUSEWAY_CONFIG; without it too there is no file.
	File string
	// Env holds NAME=value lines. nil: os.Environ().
	Env []string
	// Flags holds the flags that were given, by the path of the setting: https, readyFile, limits.pending. advertise is
	// DOOR=HOST:PORT,DOOR=HOST:PORT.
	Flags map[string]string
	// Check, if any, looks at settings that have no problem so far, with knowledge config does not have. It reports by
	// path (entities[3].name); Load adds the place. It must not put values into its messages.
	Check func(c *Config, report func(path, message string))
}

// overlay is a value from above the file.
type overlay struct{ from, text string }

// loader is one load. It is made, used and thrown away by Load.
type loader struct {
	file     string
	env      map[string]string
	problems Problems
	values   map[string]any    // of the file, for viper
	texts    map[string]string // of the file, by path with indexes; checked and resolved
	places   map[string]place  // of the file, by path with indexes
	over     map[string]overlay
	flags    map[string]any // for viper, by path
	literal  *place         // of the first key that stands in the file itself
}

// Load gives the settings, complete and checked, and warnings at most; or nil and everything that is wrong with them.
func Load(p Params) (*Config, Problems) {
	l := newLoader(p)
	l.readConfig()
	return l.finish(p)
}

// Find gives the settings by which a node of this machine is found, host, data folder and admin door, also where others have
// problems, and these problems: who has broken the file of a node that runs must be able to ask that node all the same. Without problems
// it is Load.
func Find(p Params) (*Config, Problems) {
	l := newLoader(p)
	l.readConfig()
	c, problems := l.finish(p)
	if c != nil {
		return c, problems
	}
	c = Default()
	c.Data = dataDir(l.env)
	for path, to := range map[string]*string{"host": &c.Host, "data": &c.Data, "admin": &c.Admin} {
		*to = cmp.Or(l.text(path), *to)
	}
	return c, problems
}

// newLoader sees the environment once: a variable that changes while a load runs cannot be read twice differently.
func newLoader(p Params) *loader {
	if p.Env == nil {
		p.Env = os.Environ()
	}
	env := environ(p.Env)
	return &loader{
		file: cmp.Or(p.File, env[EnvFile]), env: env,
		texts: map[string]string{}, places: map[string]place{}, over: map[string]overlay{}, flags: map[string]any{},
	}
}

// finish is Load once the file is read. Every check runs whatever the ones before it found, so that one load tells all;
// only Params.Check needs whole settings and waits until there are some.
func (l *loader) finish(p Params) (*Config, Problems) {
	l.readEnv()
	l.readFlags(p.Flags)
	l.cross()
	if l.problems.Err() != nil {
		return nil, l.problems.sorted()
	}
	c := l.decode()
	if c != nil {
		l.crossConnectors(c)
		l.crossDocuments(c)
		l.crossConversions(c)
	}
	if c != nil && p.Check != nil {
		p.Check(c, func(path, message string) {
			l.report(l.placeOf(path), Problem{Key: path, Message: message})
		})
	}
	if l.problems.Err() != nil {
		return nil, l.problems.sorted()
	}
	return c, l.problems.sorted()
}

// decode lays the layers over each other and fills the structs. The Viper lives for this call. It lower-cases keys, which
// is harmless here: a name is never a key, and the walk has refused every key that is not spelled exactly. Everything has
// been checked before, so decode cannot fail on what a user wrote; its errors cite values and are not passed on.
func (l *loader) decode() *Config {
	v := viper.New()
	v.SetDefault("data", dataDir(l.env))
	for path, s := range scalars() {
		if s.def != "" {
			v.SetDefault(path, s.def)
		}
		text := l.env[s.env()]
		_ = v.BindFlagValue(path, variable{name: s.env(), text: text}) // fails for nil only
	}
	for path, value := range l.flags {
		v.Set(path, value)
	}
	var c Config
	err := v.MergeConfigMap(l.values)
	if err == nil {
		err = v.UnmarshalExact(&c, viper.DecodeHook(decodeText))
	}
	if err != nil {
		l.add(Problem{File: l.file, Message: "the settings passed every check and still cannot be used; please report this with the file, its keys removed"})
		return nil
	}
	c.Complete()
	return &c
}

// variable binds one environment variable to its key. Viper's own BindEnv reads the process's environment only; this is
// its hook for a value from elsewhere, above the file and below Set.
type variable struct{ name, text string }

func (v variable) HasChanged() bool    { return v.text != "" }
func (v variable) Name() string        { return v.name }
func (v variable) ValueString() string { return v.text }
func (variable) ValueType() string     { return "string" }

// decodeText turns checked text into the types that are not plain strings and numbers.
func decodeText(from, to reflect.Type, data any) (any, error) {
	if from.Kind() != reflect.String {
		return data, nil
	}
	text := reflect.ValueOf(data).String()
	switch to {
	case reflect.TypeFor[time.Duration]():
		d, _ := parseDuration(text)
		return d, nil
	case reflect.TypeFor[netip.Prefix]():
		p, _ := parsePrefix(text)
		return p, nil
	case reflect.TypeFor[Secret]():
		return NewSecret(text), nil
	}
	return data, nil
}

// placeOf is where the value in force was written. A path below the settings a file has gives the nearest one above it; a
// setting that was written nowhere has no place.
func (l *loader) placeOf(path string) place {
	if o, ok := l.over[path]; ok {
		return place{from: o.from}
	}
	for ; path != ""; path = path[:max(0, strings.LastIndexAny(path, ".["))] {
		if at, ok := l.places[path]; ok {
			return at
		}
	}
	return place{}
}

// text is the value in force of a setting outside lists, as it was written, with paths of the file made whole.
func (l *loader) text(path string) string {
	if o, ok := l.over[path]; ok {
		return o.text
	}
	if text, ok := l.texts[path]; ok {
		return text
	}
	return scalars()[path].def
}

// given reports whether a setting was written anywhere.
func (l *loader) given(path string) bool {
	_, over := l.over[path]
	_, file := l.texts[path]
	return over || file
}

// at reports a problem at a place of the file.
func (l *loader) at(where place, path, message string) {
	l.report(where, Problem{Key: path, Message: message})
}

// warn reports what does not keep the settings from being used.
func (l *loader) warn(where place, path, message string) {
	l.report(where, Problem{Key: path, Message: message, Warning: true})
}

// report fills in the place and puts the name of what has the problem before the message.
func (l *loader) report(where place, p Problem) {
	switch {
	case where.from != "":
		p.Message = where.from + ": " + p.Message
	default:
		p.File, p.Line, p.Column = l.file, where.line, where.column
		if p.Key != "" {
			p.Message = p.Key + ": " + p.Message
		}
	}
	l.add(p)
}

// bare reports a message that names its key itself.
func (l *loader) bare(where place, path, message string) {
	l.add(Problem{File: l.file, Line: where.line, Column: where.column, Key: path, Message: message})
}

// add keeps a problem, up to the bound, and says once that there are more.
func (l *loader) add(p Problem) {
	if len(l.problems) == maxProblems {
		p = Problem{File: l.file, Message: "there are more problems; mend these first"}
	}
	if len(l.problems) <= maxProblems {
		l.problems = append(l.problems, p)
	}
}

// full stops walks whose findings nobody would see.
func (l *loader) full() bool { return len(l.problems) > maxProblems }

// sortedKeys lists the keys of m in order, so that a report is the same each time.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
