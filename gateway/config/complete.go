package config

import (
	"os"
	"reflect"
	"runtime"
	"strconv"
	"time"

	"github.com/causeway-relay/causeway/internal/trust"
)

// Default gives the settings of a node that was told nothing.
func Default() *Config {
	var c Config
	c.Complete()
	return &c
}

// Complete gives every field that is zero its default, in the lists too. It changes nothing else and may be called twice.
func (c *Config) Complete() {
	if c.Data == "" {
		c.Data = DataDir()
	}
	complete(reflect.ValueOf(c).Elem(), tree())
}

// complete goes through the structs and the tree side by side. A list that is empty stays empty: absence has its own
// meaning there (all hosts, all networks).
func complete(v reflect.Value, s *setting) {
	switch {
	case s.elem != nil && s.elem.class == nil:
		for i := range v.Len() {
			complete(v.Index(i), s.elem)
		}
	case s.fields != nil:
		for i, c := range s.fields {
			complete(v.Field(i), c)
		}
	case s.def != "" && v.IsZero():
		setText(v, s.def)
	}
}

// setText stores a default. Their texts are checked by TestTags.
func setText(v reflect.Value, text string) {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		d, _ := parseDuration(text)
		v.SetInt(int64(d))
	case v.Kind() == reflect.Int:
		n, _ := strconv.ParseInt(text, 10, 64)
		v.SetInt(n)
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		v.SetBool(text == "true")
	case v.Kind() == reflect.Pointer:
		yes := text == "true"
		v.Set(reflect.ValueOf(&yes))
	}
}

// DataDir is the folder of a node that was not told another, for the user and environment of this process. Client
// commands look for the local CA's certificate there.
func DataDir() string { return dataDir(environ(os.Environ())) }

func dataDir(env map[string]string) string { return dataDirOn(runtime.GOOS, env) }

// dataDirOn is where clients look for the local CA too: one rule for both.
func dataDirOn(system string, env map[string]string) string {
	return trust.DataDir(system, func(name string) string { return env[name] })
}
