package load

import (
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// The namespaces of WS-Policy, and of the ids that policies are named by.
const (
	nsPolicy12 = "http://schemas.xmlsoap.org/ws/2004/09/policy"
	nsPolicy15 = "http://www.w3.org/ns/ws-policy"
	nsUtility  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
)

// mostAssertions bounds what one policy becomes: policies that name others twice would double at each level.
const mostAssertions = 10_000

func ofPolicy(space string) bool { return space == nsPolicy12 || space == nsPolicy15 }

func isPolicy(k *node, local string) bool { return k.name.Local == local && ofPolicy(k.name.Space) }

// findPolicies notes the policies at the top of a document, so that they can be named from anywhere in it.
func (r *resolver) findPolicies(root *node) {
	for _, k := range root.kids {
		if isPolicy(k, "Policy") {
			r.policies[root.place.File.URL+"#"+policyID(k)] = k
			if r.anyPolicy[policyID(k)] == nil {
				r.anyPolicy[policyID(k)] = k
			}
		}
	}
}

// policiesOf reads the policies at the top of a document.
func (r *resolver) policiesOf(root *node) {
	for _, k := range root.kids {
		if isPolicy(k, "Policy") {
			r.d.Policies = append(r.d.Policies, r.policy(k))
		}
	}
}

func policyID(k *node) string {
	if id := k.attrNS(nsUtility, "Id"); id != "" {
		return id
	}
	return k.attrNS(model.NSXML, "id")
}

func (r *resolver) policy(k *node) *model.Policy {
	reading := &policyReader{r: r, left: mostAssertions, open: []*node{k}}
	return &model.Policy{ID: policyID(k), Place: k.place, Assertions: reading.below(k)}
}

// policyReader reads one policy with all that it refers to.
type policyReader struct {
	r    *resolver
	left int     // assertions that may still come
	open []*node // the policies that are being read: one that refers to itself is cut
}

// below gives the assertions below an element, WS-Policy's operators left out and its references replaced by what they name
// (WS-Policy 1.5, 4.3.4).
func (p *policyReader) below(k *node) []model.Assertion {
	var all []model.Assertion
	for _, c := range k.kids {
		switch {
		case p.left <= 0:
			return all
		case isPolicy(c, "PolicyReference"):
			all = append(all, p.referred(c)...)
		case ofPolicy(c.name.Space):
			all = append(all, p.below(c)...)
		default:
			all = append(all, p.assertion(c))
		}
	}
	return all
}

func (p *policyReader) assertion(c *node) model.Assertion {
	if p.left--; p.left == 0 {
		p.r.l.problem(model.Warning, c.place, "TooLarge", "name each policy once", "the policy has more than %d assertions; the rest is not read", mostAssertions)
	}
	a := model.Assertion{Name: c.name, Place: c.place, Text: strings.TrimSpace(c.text)}
	for i := range c.attrs {
		switch at := &c.attrs[i]; {
		case ofPolicy(at.name.Space) && at.name.Local == "Optional":
			a.Optional = at.value == "true" || at.value == "1"
		case !ofPolicy(at.name.Space):
			a.Attrs = append(a.Attrs, model.PolicyAttr{Name: at.name, Value: at.value})
		}
	}
	a.Nested = p.below(c)
	return a
}

func (p *policyReader) referred(ref *node) []model.Assertion {
	k := p.r.findPolicy(ref, ref.attr("URI"))
	if k == nil {
		return nil
	}
	if slices.Contains(p.open, k) {
		p.r.l.problem(model.Warning, ref.place, "CircularPolicy", "remove the reference", "policy %s contains itself", policyID(k))
		return nil
	}
	p.open = append(p.open, k)
	all := p.below(k)
	p.open = p.open[:len(p.open)-1]
	return all
}

// findPolicy finds the policy that a reference means; nil where it cannot, which is then in the problems.
func (r *resolver) findPolicy(at *node, uri string) *node {
	id, local := strings.CutPrefix(uri, "#")
	if !local {
		r.l.problem(model.Note, at.place, "PolicyElsewhere", "", "policy %s is in another document and is not read", uri)
		return nil
	}
	k := r.policies[at.place.File.URL+"#"+id]
	if k == nil && r.anyPolicy[id] != nil { // a reference goes no further than its document, though people think so
		k = r.anyPolicy[id]
		r.l.problem(model.Warning, at.place, "WrongDocument", "move the policy into the document that names it",
			"there is no policy %s in this document; taken as that at %s", id, k.place)
	}
	if k == nil {
		r.l.problem(model.Warning, at.place, "DanglingReference", "declare the policy, or remove the reference", "there is no policy %s", id)
	}
	return k
}

// attached gives the policies that apply to an element: inside of it, or by reference.
func (r *resolver) attached(k *node) []*model.Policy {
	var all []*model.Policy
	add := func(at *node, uri string) {
		if p := r.findPolicy(at, uri); p != nil {
			all = append(all, r.policy(p))
		}
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
