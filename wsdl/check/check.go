package check

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// Report is what is to say about a description.
type Report struct {
	Problems []model.Problem // by document in the order of reading, then by place
	Lost     []model.Lost    // operations that no caller can use
	Errors   int
	Warnings int
	Notes    int
}

// Check judges a description.
func Check(d *model.Description) *Report {
	c := &checker{d: d}
	c.problems = append(c.problems, d.Problems...)
	c.lost = append(c.lost, d.Lost...)
	c.services()
	c.bindings()
	c.operations()
	c.schema()
	c.samples()
	r := &Report{Problems: c.problems, Lost: c.lost}
	order := map[*model.File]int{}
	for i, f := range d.Files {
		order[f] = i
	}
	slices.SortStableFunc(r.Problems, func(a, b model.Problem) int {
		return cmp.Or(cmp.Compare(order[a.Place.File], order[b.Place.File]), cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.Place.Col, b.Place.Col))
	})
	for _, p := range r.Problems {
		switch p.Level {
		case model.Refused:
			r.Errors++
		case model.Warning:
			r.Warnings++
		default:
			r.Notes++
		}
	}
	return r
}

type checker struct {
	d        *model.Description
	problems []model.Problem
	lost     []model.Lost
}

// add notes a problem. Problems are put in order at the end.
func (c *checker) add(level model.Level, at model.Place, code, remedy, format string, args ...any) {
	c.problems = append(c.problems, model.Problem{Level: level, Place: at, Code: code, Text: fmt.Sprintf(format, args...), Remedy: remedy})
}

// warn tells of what some peers refuse or read otherwise. It always has a remedy.
func (c *checker) warn(at model.Place, code, remedy, format string, args ...any) {
	c.add(model.Warning, at, code, remedy, format, args...)
}

// note tells of what is good to know; the remedy may be "".
func (c *checker) note(at model.Place, code, remedy, format string, args ...any) {
	c.add(model.Note, at, code, remedy, format, args...)
}
