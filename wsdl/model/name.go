package model

import "fmt"

// Namespaces that a model or its readers ask for by name.
const (
	NSSchema   = "http://www.w3.org/2001/XMLSchema"
	NSInstance = "http://www.w3.org/2001/XMLSchema-instance"
	NSXML      = "http://www.w3.org/XML/1998/namespace"
	NSEncoding = "http://schemas.xmlsoap.org/soap/encoding/"
	NSWSDL     = "http://schemas.xmlsoap.org/wsdl/"
)

// Name is an expanded name; Space is "" for no namespace.
type Name struct{ Space, Local string }

// String gives {space}local, or local alone.
func (n Name) String() string {
	if n.Space == "" {
		return n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

// IsZero reports whether there is no name: an anonymous component.
func (n Name) IsZero() bool { return n.Local == "" }

// Place is where something is written. The zero Place is nowhere: a component that is built in.
type Place struct {
	File *File
	Line int // from 1
	Col  int // from 1, in bytes of UTF-8
}

// String gives file:line:col as compilers do.
func (p Place) String() string {
	if p.File == nil {
		return "built in"
	}
	return fmt.Sprintf("%s:%d:%d", p.File.Name, p.Line, p.Col)
}

// File is one document that was read.
type File struct {
	Name   string // as people should see it: relative to the main document, a URL, or the name of a well-known document
	URL    string // what locations inside it are relative to
	Space  string // its targetNamespace; of a chameleon include "": its components took the includer's
	Schema bool   // a schema document; else WSDL
	Bytes  []byte // as it was read, for bundling and for `?xsd=`; encoding as it came

	refs map[string]*File
}

// Refer notes which document a location in this one leads to. Only load does.
func (f *File) Refer(location string, to *File) {
	if f.refs == nil {
		f.refs = map[string]*File{}
	}
	f.refs[location] = to
}

// Ref gives the document that a location in this one leads to, nil if it was not read.
func (f *File) Ref(location string) *File { return f.refs[location] }

// Level is how bad a problem is.
type Level uint8

// The levels of problems. Refused means that the thing named is not in the model; the rest of the description is.
const (
	Note Level = iota
	Warning
	Refused
)

// String gives the word for a level.
func (l Level) String() string { return [...]string{"note", "warning", "error"}[l] }

// Problem is something that is wrong with a description, for people: what, where, and what to do about it.
type Problem struct {
	Level  Level
	Place  Place
	Code   string // stable word: DanglingReference, DuplicateName, ...
	Text   string // lower case, no full stop
	Remedy string // what to do; "" where the text says it
}

// String gives place: level: text; remedy.
func (p Problem) String() string {
	s := fmt.Sprintf("%s: %s: %s", p.Place, p.Level, p.Text)
	if p.Remedy != "" {
		s += "; " + p.Remedy
	}
	return s
}
