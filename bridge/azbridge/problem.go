package azbridge

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong, or (Warning) that is read and has no effect here. Message ends with what to do.
type Problem struct {
	File         string // "" for the command line, whose option Message names
	Line, Column int    // from 1; 0: the file as a whole
	Message      string
	Warning      bool
}

// String is FILE:LINE:COLUMN and the message, as compilers write it.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
		}
		b.WriteByte(' ')
	}
	if p.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems is everything that was found, in the order in which it was read.
type Problems []Problem

// Error is one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Err is nil when there are warnings at most.
func (p Problems) Err() error {
	for _, one := range p {
		if !one.Warning {
			return p
		}
	}
	return nil
}

// place is where something was said.
type place struct {
	file         string
	line, column int
	option       string // "-L"
}

func (at place) problem(message string) Problem {
	if at.option != "" {
		message = at.option + ": " + message
	}
	return Problem{File: at.file, Line: at.line, Column: at.column, Message: message}
}

func (s *Settings) wrong(at place, format string, args ...any) {
	s.problems = append(s.problems, at.problem(fmt.Sprintf(format, args...)))
}

func (s *Settings) warn(at place, message string) {
	p := at.problem(message)
	p.Warning = true
	s.problems = append(s.problems, p)
}
