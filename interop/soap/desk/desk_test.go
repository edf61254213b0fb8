package desk

import (
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap"
)

// TestOurselves: our client and our service agree, in every form that the stories use.
func TestOurselves(t *testing.T) {
	s := Serve(t)
	for _, c := range []*Client{
		{Version: soap.V11}, {Version: soap.V12}, {Version: soap.V11, MTOM: true}, {Version: soap.V12, MTOM: true},
	} {
		name := c.Version.String()
		if c.MTOM {
			name += " MTOM"
		}
		t.Run(name, func(t *testing.T) {
			c.URL = s.URL + Path(c.Version, c.MTOM)
			c.Story(t.Context(), func(step string, err error) {
				if err != nil {
					t.Errorf("%s: %v", step, err)
				}
			})
			for _, op := range []string{"Echo ", "Add ", "Submit ", "Blob ", "Store ", "fault sender ", "fault receiver ", "fault typed ", "Whoami ", "Notify "} {
				if !s.Seen(op + name) {
					t.Errorf("the service did not see %s%s", op, name)
				}
			}
		})
	}
}

// TestRefusals: what is wrong is told, by either side, so that a story that passes means something.
func TestRefusals(t *testing.T) {
	s := Serve(t)
	for name, c := range map[string]*Client{
		"other version": {URL: s.URL + Path(soap.V12, false), Version: soap.V11},
		"no service":    {URL: "http://127.0.0.1:1/", Version: soap.V11},
		"not asked for": {URL: s.URL + Path(soap.V11, true), Version: soap.V11}, // MTOM is read by who did not ask for it
	} {
		wrong := 0
		c.Story(t.Context(), func(_ string, err error) {
			if err != nil {
				wrong++
			}
		})
		if (wrong == 0) != (name == "not asked for") {
			t.Errorf("%s: %d steps went wrong", name, wrong)
		}
	}
	o := Sample()
	o.Tags, o.Paid, o.Data = o.Tags[1:], false, nil
	if got := o.Diff(Sample()); !strings.Contains(got, "Paid is") || !strings.Contains(got, "Data is") || !strings.Contains(got, "Tags is") {
		t.Error(got)
	}
}
