package codec

import (
	"fmt"

	"github.com/causeway-relay/causeway/soap/xsd"
)

// Deviation is how a document differs from its schema.
type Deviation uint8

// The deviations that a lenient Decoder reports.
const (
	UnknownElement   Deviation = iota // no declaration has it; Problem.Element keeps it
	UnknownAttribute                  // likewise
	Misplaced                         // it stands too late or too early; kept in its field
	Duplicate                         // it was there already; Problem.Element keeps it
	SecondBranch                      // another branch of its choice was there already; kept in its field
	Missing                           // something that must be there is not
	UnexpectedText                    // text between elements
	UnexpectedNil                     // nil where the schema allows none
	NotFixed                          // a value other than the one that the schema fixes, which is the Name
	UnknownType                       // xsi:type names none that may stand there; read as the declared type
	OutOfBounds                       // a value that breaks a facet of its type, which is the Name; kept
)

var deviations = [...]string{
	"unknown element", "unknown attribute", "misplaced element", "duplicate element", "second branch of a choice", "missing element",
	"unexpected text", "unexpected nil", "a value other than the fixed", "unknown type", "a value that breaks the facet",
}

// String gives the words for people.
func (d Deviation) String() string { return deviations[d] }

// Problem is one deviation, and where.
type Problem struct {
	Kind    Deviation
	Path    string // /a:Outer/a:Inner
	Name    string // of the element or attribute
	Element xsd.Any
}

// Error makes a Problem the error of a strict Decoder, and of an Encoder that is given what it must not write.
func (p *Problem) Error() string {
	return fmt.Sprintf("%s: %s %s", p.Path, p.Kind, p.Name)
}
