package load

import (
	"strings"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// The namespaces of WS-Policy, and of the ids that policies are named by.
const (
	nsPolicy12 = "http://schemas.xmlsoap.org/ws/2004/09/policy"
	nsPolicy15 = "http://www.w3.org/ns/ws-policy"
	nsUtility  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
)

func isPolicy(k *node, local string) bool {
	return k.name.Local == local && (k.name.Space == nsPolicy12 || k.name.Space == nsPolicy15)
}

// policiesOf notes the policies at the top of a document.
func (r *resolver) policiesOf(root *node) {
	for _, k := range root.kids {
		if !isPolicy(k, "Policy") {
			continue
		}
		p := r.policy(k)
		r.policies[root.place.File.URL+"#"+p.ID] = p
		r.d.Policies = append(r.d.Policies, p)
	}
}

func (r *resolver) policy(k *node) *model.Policy {
	p := &model.Policy{ID: k.attrNS(nsUtility, "Id"), Place: k.place}
	if p.ID == "" {
		p.ID = k.attrNS(model.NSXML, "id")
	}
	p.Assertions = assertions(k)
	return p
}

// assertions gives what is below a policy, its operators left out.
func assertions(k *node) []model.Assertion {
	var all []model.Assertion
	for _, c := range k.kids {
		if c.name.Space == nsPolicy12 || c.name.Space == nsPolicy15 {
			all = append(all, assertions(c)...)
			continue
		}
		optional := c.attrNS(nsPolicy12, "Optional") + c.attrNS(nsPolicy15, "Optional")
		all = append(all, model.Assertion{
			Name: c.name, Place: c.place, Optional: optional == "true" || optional == "1", Nested: assertions(c),
		})
	}
	return all
}

// attached gives the policies that apply to an element: inside of it, or by reference.
func (r *resolver) attached(k *node) []*model.Policy {
	var all []*model.Policy
	add := func(at *node, uri string) {
		id, local := strings.CutPrefix(uri, "#")
		if !local {
			r.l.problem(model.Note, at.place, "PolicyElsewhere", "", "policy %s is in another document and is not read", uri)
			return
		}
		if p := r.policies[k.place.File.URL+"#"+id]; p != nil {
			all = append(all, p)
			return
		}
		r.l.problem(model.Warning, at.place, "DanglingReference", "declare the policy, or remove the reference", "there is no policy %s", id)
	}
	for _, c := range k.kids {
		switch {
		case isPolicy(c, "Policy"):
			all = append(all, r.policy(c))
		case isPolicy(c, "PolicyReference"):
			add(c, c.attr("URI"))
		}
	}
	for uri := range strings.FieldsSeq(k.attrNS(nsPolicy12, "PolicyURIs") + " " + k.attrNS(nsPolicy15, "PolicyURIs")) {
		add(k, uri)
	}
	return all
}
