package entity

import (
	"fmt"
	"strings"
)

// Rights is a set of what a rule grants and what an operation needs (reference section 4.4).
type Rights uint8

// The three rights. Manage implies both others (see Has).
const (
	Listen Rights = 1 << iota
	Send
	Manage
)

var rightNames = []struct {
	right Rights
	name  string
}{{Listen, "Listen"}, {Send, "Send"}, {Manage, "Manage"}}

// maxShown is the longest text that an error shows: a key in the wrong place is longer.
const maxShown = 12

// ParseRight reads one right's name, whatever its case.
func ParseRight(name string) (Rights, error) {
	for _, r := range rightNames {
		if strings.EqualFold(name, r.name) {
			return r.right, nil
		}
	}
	if len(name) > maxShown {
		return 0, fmt.Errorf("a text of %d bytes is no right: use Listen, Send or Manage", len(name))
	}
	return 0, fmt.Errorf("%q is no right: use Listen, Send or Manage", name)
}

// ParseRights reads a list of names.
func ParseRights(names []string) (Rights, error) {
	var all Rights
	for _, name := range names {
		r, err := ParseRight(name)
		if err != nil {
			return 0, err
		}
		all |= r
	}
	return all, nil
}

// Has reports whether the set grants need. Manage grants everything.
func (r Rights) Has(need Rights) bool { return r&Manage != 0 || r&need == need }

// Names lists the set in the order Listen, Send, Manage.
func (r Rights) Names() []string {
	names := make([]string, 0, len(rightNames))
	for _, n := range rightNames {
		if r&n.right != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

// String joins the names with a comma.
func (r Rights) String() string { return strings.Join(r.Names(), ",") }
