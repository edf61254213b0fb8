package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func className(s *setting) string {
	for name, c := range classes {
		if c == s.class {
			return name
		}
	}
	return ""
}

// flatten writes every setting outside lists as text, by path.
func flatten(c *Config, out map[string]string) {
	v := reflect.ValueOf(c).Elem()
	var walk func(v reflect.Value, s *setting)
	walk = func(v reflect.Value, s *setting) {
		for i, child := range s.fields {
			walk(v.Field(i), child)
		}
		if s.class != nil {
			out[s.path] = fmt.Sprint(v.Interface())
		}
	}
	walk(v, tree())
}

// TestTags checks what the code relies on when it reads tags without looking for errors.
func TestTags(t *testing.T) {
	lower, variables := map[string]string{}, map[string]string{}
	tree().each(func(s *setting) {
		if s.key == "" {
			return // an element: its list has the tags
		}
		name := s.field[strings.IndexByte(s.field, '.')+1:]
		if !strings.EqualFold(name, s.key) {
			t.Errorf("%s: the field %s does not match its key, so viper would not find it", s.path, name)
		}
		if folded := strings.ToLower(s.path); lower[folded] != "" {
			t.Errorf("%s and %s are one key to viper", s.path, lower[folded])
		} else {
			lower[folded] = s.path
		}
		switch {
		case s.fields != nil:
			return
		case s.elem != nil:
			if s.max < 1 {
				t.Errorf("%s: a list without a bound", s.path)
			}
			if s.unique != "" && s.elem.find(s.unique) == nil {
				t.Errorf("%s: no key %s", s.path, s.unique)
			}
			return
		case s.class == nil:
			t.Errorf("%s: nothing checks its values", s.path)
			return
		}
		for _, text := range []string{s.def, s.sample, s.example} {
			if text != "" && !s.class.right(s, text) && s.sample != "-" {
				t.Errorf("%s: the tag's value %q is not %s", s.path, text, s.class.expect(s))
			}
		}
		if n := s.typ.Kind() == reflect.Int || s.typ == reflect.TypeFor[time.Duration](); n && (s.min < 1 || s.max <= s.min) {
			t.Errorf("%s: no bounds", s.path)
		}
		if !strings.Contains(s.path, "[]") {
			if other := variables[s.env()]; other != "" {
				t.Errorf("%s and %s share a variable", s.path, other)
			}
			variables[s.env()] = s.path
		}
	})
	for path := range later {
		if scalars()[path] != nil {
			t.Errorf("%s exists and is refused as a later one", path)
		}
	}
}
