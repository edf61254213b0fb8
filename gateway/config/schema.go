package config

import (
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

// setting is one key of the tree that is read from the tags of Config. Everything that knows keys (loading, checking,
// documentation, the JSON schema, the sample) walks this tree.
type setting struct {
	key    string // as written: listenersPerEntity; "" the root
	path   string // limits.listenersPerEntity; below lists with []: entities[].name
	field  string // Limits.ListenersPerEntity: the Go field, whose comment is the documentation
	parent *setting

	fields []*setting // a group: its keys, in the order of the struct
	elem   *setting   // a list: what its elements are
	class  *class     // a scalar: how its text is checked

	typ      reflect.Type
	def      string   // default as text; "" none
	flag     string   // without the dashes; "" no flag
	oneOf    []string // of a choice
	min, max int64    // of a number; nanoseconds of a duration; max of a list: its length
	required bool     // in an element of a list
	live     bool     // a reload puts it in force
	unique   string   // of a list: the key that two elements must not share, whatever its case

	sample, example string // values for the generated sample: active, commented out
}

// tree is built once and read only.
var tree = sync.OnceValue(func() *setting {
	root := &setting{typ: reflect.TypeFor[Config](), field: "Config"}
	root.grow()
	return root
})

// scalars lists the settings outside lists, by path: those that have a variable and may have a flag.
var scalars = sync.OnceValue(func() map[string]*setting {
	all := map[string]*setting{}
	tree().each(func(s *setting) {
		if s.class != nil && !strings.Contains(s.path, "[]") {
			all[s.path] = s
		}
	})
	return all
})

// grow fills in what hangs below s.
func (s *setting) grow() {
	switch {
	// The tags of a list stand on its field. What speaks of single values is handed down to the element.
	case s.typ.Kind() == reflect.Slice:
		s.elem = &setting{
			path: s.path + "[]", field: s.field, parent: s, typ: s.typ.Elem(),
			oneOf: s.oneOf, sample: s.sample, example: s.example,
		}
		if s.elem.typ.Kind() == reflect.Struct && s.elem.typ != reflect.TypeFor[netip.Prefix]() {
			s.elem.grow()
		} else {
			s.elem.class, s.class = s.class, nil
		}
	case s.class == nil && s.typ.Kind() == reflect.Struct:
		for f := range s.typ.Fields() {
			s.fields = append(s.fields, s.child(f))
		}
	}
}

// child reads the tags of one field. `is` names the class of a text; numbers, durations and booleans have theirs by type.
func (s *setting) child(f reflect.StructField) *setting {
	tag := f.Tag
	c := &setting{
		key: tag.Get("key"), path: join(s.path, tag.Get("key")), field: s.typ.Name() + "." + f.Name, parent: s, typ: f.Type,
		def: tag.Get("default"), flag: tag.Get("flag"), unique: tag.Get("unique"), required: tag.Get("required") != "", live: tag.Get("live") != "",
		sample: tag.Get("sample"), example: tag.Get("example"),
		min: number(tag.Get("min")), max: number(tag.Get("max")),
		class: classes[tag.Get("is")],
	}
	if list := tag.Get("oneof"); list != "" {
		c.oneOf = strings.Split(list, "|")
	}
	switch {
	case c.typ == reflect.TypeFor[time.Duration]():
		c.class = classes["duration"]
	case c.typ.Kind() == reflect.Int:
		c.class = classes["number"]
	case c.typ.Kind() == reflect.Bool, c.typ == reflect.TypeFor[*bool]():
		c.class = classes["bool"]
	}
	c.grow()
	return c
}

// number reads a bound: a count, or a duration in nanoseconds.
func number(text string) int64 {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	d, _ := time.ParseDuration(text) // tags are checked by TestTags
	return int64(d)
}

// join makes the path of a key below a path, "" being the root.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// each calls f for every setting below s, in the order of the structs.
func (s *setting) each(f func(*setting)) {
	for _, c := range s.fields {
		f(c)
		c.each(f)
	}
	if s.elem != nil {
		f(s.elem)
		s.elem.each(f)
	}
}

// find gives the key of a group, nil when it has none of that exact spelling.
func (s *setting) find(key string) *setting {
	for _, c := range s.fields {
		if c.key == key {
			return c
		}
	}
	return nil
}

// keys lists the keys of a group.
func (s *setting) keys() []string {
	all := make([]string, len(s.fields))
	for i, c := range s.fields {
		all[i] = c.key
	}
	return all
}

// env is the name of the variable that sets s.
func (s *setting) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(s.path, ".", "_"))
}
