package config

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong with the settings. It never holds the value of a setting.
type Problem struct {
	File       string // as the caller named it; "" for the environment and the command line, which Message names
	Line       int    // from 1; 0: the file as a whole
	Column     int    // from 1, in characters
	Key        string // limits.pending, entities[2].rules[0].name; "" where no key can be named
	Message    string // what is wrong and what was expected
	Suggestion string // the nearest thing that would be right: a key, a variable or one of few values; may be ""
	Warning    bool   // the settings can be used all the same
}

// String is the line for people: file:line:column, the message, the suggestion as a question.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(place{line: p.Line, column: p.Column}.in(p.File))
		b.WriteByte(' ')
	}
	if p.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Message)
	if p.Suggestion != "" {
		b.WriteString("; did you mean " + strconv.Quote(p.Suggestion) + "?")
	}
	return b.String()
}

// Problems is everything that is wrong, in the order of the file, then environment and command line.
type Problems []Problem

// Err is nil when there are warnings at most, else the problems as an error.
func (p Problems) Err() error {
	if slices.ContainsFunc(p, func(one Problem) bool { return !one.Warning }) {
		return p
	}
	return nil
}

// Error is one line for each problem, without a line end after the last.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// MarshalJSON gives {"problems":[...]} (contracts, section 3); warnings, if any, are a list of their own beside it.
func (p Problems) MarshalJSON() ([]byte, error) {
	type row struct {
		File       string `json:"file"`
		Line       int    `json:"line"`
		Column     int    `json:"column"`
		Key        string `json:"key"`
		Message    string `json:"message"`
		Suggestion string `json:"suggestion"`
	}
	out := struct {
		Problems []row `json:"problems"`
		Warnings []row `json:"warnings,omitempty"`
	}{Problems: []row{}}
	for _, one := range p {
		r := row{one.File, one.Line, one.Column, one.Key, one.Message, one.Suggestion}
		if one.Warning {
			out.Warnings = append(out.Warnings, r)
		} else {
			out.Problems = append(out.Problems, r)
		}
	}
	return json.Marshal(out)
}

// sorted puts the problems in the order in which a reader meets their places.
func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(strings.Compare(origin(a), origin(b)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return p
}

// origin sorts the file before everything else.
func origin(p Problem) string {
	if p.File != "" {
		return "file"
	}
	return "other"
}

// place is where a setting was written.
type place struct {
	line, column int
	from         string // "" the file; else the variable or flag
}

// in writes a place the way compilers do, which editors and terminals turn into a link.
func (p place) in(file string) string {
	if p.line == 0 {
		return file
	}
	return file + ":" + strconv.Itoa(p.line) + ":" + strconv.Itoa(p.column)
}
