package ir_test

import (
	"testing"

	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// TestCorpus: every real description is lowered, all of its types too, and what a type's content tree names is a field of the type.
func TestCorpus(t *testing.T) {
	for _, c := range wsdltest.Cases(t) {
		p := ir.Lower(c.Load(t), ir.Options{All: true})
		for _, typ := range p.Types {
			if typ.Content != nil {
				check(t, c.Name, typ, typ.Content)
			}
		}
	}
}

func check(t *testing.T, name string, typ *ir.Type, g *ir.Group) {
	if g.Leaf() {
		if typ.Fields[g.Field.Index] != g.Field {
			t.Errorf("%s: %v has a leaf %s that is no field of it", name, typ.Name, g.Field.Name)
		}
		return
	}
	for _, n := range g.Nodes {
		check(t, name, typ, n)
	}
}
