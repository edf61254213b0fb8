package config

import "reflect"

// Changed compares two settings and lists the keys that differ, in the order of the file: those that a reload puts in force,
// and those that take a restart. A list counts as one key.
func Changed(before, after *Config) (live, restart []string) {
	live, restart = []string{}, []string{}
	compare(reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem(), tree(), func(s *setting, _, _ reflect.Value) {
		if s.live {
			live = append(live, s.path)
		} else {
			restart = append(restart, s.path)
		}
	})
	return live, restart
}

// WithLive gives a copy of the settings with those of after that a reload puts in force.
func (c *Config) WithLive(after *Config) *Config {
	out := *c
	compare(reflect.ValueOf(&out).Elem(), reflect.ValueOf(after).Elem(), tree(), func(s *setting, old, now reflect.Value) {
		if s.live {
			old.Set(now)
		}
	})
	return &out
}

// compare calls differ for each key, lists as one, whose values are not the same.
func compare(before, after reflect.Value, s *setting, differ func(s *setting, before, after reflect.Value)) {
	for i, c := range s.fields {
		old, now := before.Field(i), after.Field(i)
		switch {
		case c.fields != nil:
			compare(old, now, c, differ)
		case old.Kind() == reflect.Slice && old.Len() == 0 && now.Len() == 0: // nil or empty: no element
		case !reflect.DeepEqual(old.Interface(), now.Interface()):
			differ(c, old, now)
		}
	}
}
