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
		for _, p := range d.Problems {
			if c.Local && p.Level == model.Refused {
				t.Errorf("%s: %v", c.Name, p)
			}
		}
	}
}
