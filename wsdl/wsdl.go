// Package wsdl is the thin front of what reads service descriptions (WSDL 1.1) and says things about them. It owns nothing but the
// names: reading is package load, the graph that comes out is model, and check, describe, sample, diff and bundle each do one thing
// with it; gengo writes Go, ir is what back ends read. Programs that want more than these few calls use those packages.
//
//	d, err := wsdl.Read(source, "service.wsdl")
//	for _, p := range wsdl.Check(d).Problems { ... }
//	fmt.Print(wsdl.Describe(d).Tree())
//
// Everything here is a function of its arguments; any goroutine may call it.
package wsdl

import (
	"github.com/causeway-relay/causeway/wsdl/bundle"
	"github.com/causeway-relay/causeway/wsdl/check"
	"github.com/causeway-relay/causeway/wsdl/describe"
	"github.com/causeway-relay/causeway/wsdl/diff"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/sample"
)

// Read reads the description at location, and what it imports, from a source that decides what may be opened. The error is about the
// main document or a limit; all else that is wrong is told by Check.
func Read(src load.Source, location string) (*model.Description, error) {
	return load.Load(src, location, load.Limits{})
}

// Check says what is wrong with a description, with places and remedies, and which operations nobody can call.
func Check(d *model.Description) *check.Report { return check.Check(d) }

// Describe outlines a description: plain data with a stable JSON form, and a tree for people.
func Describe(d *model.Description) *describe.Outline { return describe.Describe(d) }

// Diff says what changed between two descriptions, and what of it breaks callers that were made for the old one.
func Diff(before, after *model.Description) *diff.Report {
	return diff.Compare(describe.Describe(before), describe.Describe(after))
}

// Sample makes the messages of an operation at a port; "" is the first SOAP port that has it. An operation or port that is not there is
// an error that wraps sample.ErrNoOperation.
func Sample(d *model.Description, operation, port string, opts sample.Options) (*sample.Sample, error) {
	target, err := sample.Find(d, operation, port)
	if err != nil {
		return nil, err
	}
	return sample.New(d).Make(target, opts)
}

// Bundle writes a description with all that it imports as one document in UTF-8.
func Bundle(d *model.Description) ([]byte, error) { return bundle.Bundle(d) }
