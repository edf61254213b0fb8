package sample_test

import (
	"fmt"
	"testing"

	"github.com/causeway-relay/causeway/wsdl/bundle"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/sample"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// TestCorpus makes every sample of every description, in all amounts, and lets xmllint judge what stands in their bodies.
func TestCorpus(t *testing.T) {
	made, judged, valid := 0, 0, 0
	for _, c := range wsdltest.Cases(t) {
		d := c.Load(t)
		var docs, names []string
		m := sample.New(d)
		for _, target := range sample.Targets(d) {
			for _, amount := range []sample.Amount{sample.Typical, sample.Minimal, sample.Full} {
				s, err := m.Make(target, sample.Options{Amount: amount})
				if err != nil {
					fmt.Printf("NOT MADE %s %s: %v\n", c.Name, target.Op.Operation.Name, err)
					continue
				}
				for _, n := range s.Notes {
					fmt.Println("NOTE", c.Name, n)
				}
				literal := target.Op.Style == model.Document && (target.Binding.Kind == model.SOAP11 || target.Binding.Kind == model.SOAP12)
				all := append([]sample.Message{}, s.Faults...)
				for _, msg := range []*sample.Message{s.Request, s.Response} {
					if msg != nil {
						all = append(all, *msg)
					}
				}
				for i, msg := range all {
					made++
					for _, doc := range msg.Contents() {
						if literal {
							docs = append(docs, doc)
							names = append(names, fmt.Sprint(c.Name, " ", s.Operation, " ", amount, " ", i))
						}
					}
				}
			}
		}
		if len(docs) == 0 || d.Files[0].Schema {
			continue
		}
		text, err := bundle.Bundle(d)
		if err != nil {
			t.Fatal(err)
		}
		complaints, ok, why := wsdltest.Validate(t, wsdltest.Schemas(t, t.TempDir(), text), docs)
		if !ok {
			fmt.Printf("CANNOT %s: %.600s\n", c.Name, why)
			continue
		}
		for i, complaint := range complaints {
			judged++
			if complaint == "" {
				valid++
			} else {
				fmt.Printf("INVALID %s: %s\n", names[i], complaint)
			}
		}
	}
	fmt.Println(made, judged, valid)
}
