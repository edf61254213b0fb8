package bundle_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/wsdl/bundle"
	"github.com/causeway-relay/causeway/wsdl/describe"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// numbered is what tells the components of two WSDL namespaces apart that had one name.
var numbered = regexp.MustCompile(`_\d$`)

// outline writes the outline of a description without what a bundle may change: files, white space of documentation, the namespaces of
// WSDL components where there are several, and what redefinitions leave behind.
func outline(t *testing.T, d *model.Description, several bool) string {
	t.Helper()
	o := describe.Describe(d)
	o.Files = nil
	types := o.Types[:0]
	for _, typ := range o.Types {
		if !strings.HasSuffix(typ.Name, ".original") {
			types = append(types, typ)
		}
	}
	o.Types = types
	groups := o.Groups[:0]
	for _, g := range o.Groups {
		if !strings.HasSuffix(g.Name, ".original") {
			groups = append(groups, g)
		}
	}
	o.Groups = groups
	if several {
		local := func(s *string) { *s = numbered.ReplaceAllString((*s)[strings.LastIndexByte(*s, '}')+1:], "") }
		message := func(m *describe.Message) {
			if m != nil {
				local(&m.Message)
			}
		}
		ports := func(all []describe.Port) {
			for i := range all {
				local(&all[i].Name)
				local(&all[i].Binding)
				local(&all[i].PortType)
				for j := range all[i].Operations {
					op := &all[i].Operations[j]
					message(op.Input)
					message(op.Output)
					for k := range op.Faults {
						message(&op.Faults[k])
					}
				}
			}
		}
		for i := range o.Services {
			local(&o.Services[i].Name)
			ports(o.Services[i].Ports)
		}
		ports(o.Bindings)
	}
	text, err := json.MarshalIndent(o, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.Join(strings.Fields(string(text)), " "), `\n`, " ")
}

// TestCorpus: every description means the same when it is bundled, and its bundle is its own bundle's bundle.
func TestCorpus(t *testing.T) {
	for _, c := range wsdltest.Some(t) {
		d := c.Load(t)
		text, err := bundle.Bundle(d)
		if err != nil {
			if !d.Files[0].Schema {
				t.Errorf("%s: %v", c.Name, err)
			}
			continue
		}
		again, err := load.Load(wsdltest.Documents{"main": string(text)}, "main", load.Limits{})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		targets := map[string]bool{}
		for _, f := range d.Files {
			if !f.Schema {
				targets[f.Space] = true
			}
		}
		redefines := false
		for _, f := range d.Files {
			redefines = redefines || strings.Contains(string(f.Bytes), "redefine>")
		}
		if diff := cmp.Diff(outline(t, d, len(targets) > 1), outline(t, again, len(targets) > 1)); diff != "" && !redefines {
			t.Errorf("%s: %.1500s", c.Name, diff)
		}
		if twice, err := bundle.Bundle(again); err != nil || !bytes.Equal(twice, text) {
			t.Errorf("%s: bundled twice it differs (%v): %s", c.Name, err, cmp.Diff(string(text), string(twice)))
		}
	}
}
