package load_test

import (
	"testing"

	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// TestCorpus: every real description is read, and no operation of those that are whole is lost but where it has no messages.
func TestCorpus(t *testing.T) {
	for _, c := range wsdltest.Cases(t) {
		d := c.Load(t)
		if c.Local && len(d.Lost) > 0 {
			t.Errorf("%s: %v", c.Name, d.Lost)
		}
		for _, p := range d.Problems {
			if c.Local && p.Level == model.Refused && p.Code != "NoBinding" { // one names a binding that is nowhere
				t.Errorf("%s: %v", c.Name, p)
			}
		}
	}
}
