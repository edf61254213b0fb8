package wsa

import (
	"slices"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// EndpointReference is where messages can be sent (1.0 core, 2; August 2004, 2).
type EndpointReference struct {
	Address string
	// Parameters go into messages to the endpoint as header blocks.
	Parameters []soap.Element
	// Properties do too; they are of August 2004, which knows two kinds.
	Properties []soap.Element
	// Metadata is the content of 1.0's element of that name.
	Metadata []soap.Element
	// Extensions are all other elements: of 1.0 what a peer added; of August 2004
	// also PortType, ServiceName and policies.
	Extensions []soap.Element
}

// ReadReference reads an endpoint reference from an element that is one: the name
// of the element does not matter. The error is an *soap.Error for a message of
// version in: a reference without address, or with two.
func ReadReference(e soap.Element, v Version, in soap.Version) (*EndpointReference, error) {
	r := &EndpointReference{}
	addresses := 0
	for _, c := range e.Children() {
		if c.Name().Space != v.Namespace() {
			r.Extensions = append(r.Extensions, c)
			continue
		}
		switch c.Name().Local {
		case "Address":
			r.Address = c.Text()
			addresses++
		case "ReferenceParameters":
			r.Parameters = append(r.Parameters, c.Children()...)
		case "ReferenceProperties":
			r.Properties = append(r.Properties, c.Children()...)
		case "Metadata":
			r.Metadata = append(r.Metadata, c.Children()...)
		default:
			r.Extensions = append(r.Extensions, c)
		}
	}
	switch {
	case addresses == 0, r.Address == "":
		return nil, v.invalid(in, e.Name(), "MissingAddressInEPR", "endpoint reference without address")
	case addresses > 1:
		return nil, v.invalid(in, e.Name(), "InvalidEPR", "endpoint reference with two addresses")
	}
	return r, nil
}

// Write writes the reference as an element of this name.
func (r *EndpointReference) Write(w infoset.Writer, name *infoset.Name, v Version) error {
	w.Start(name)
	w.Start(v.name("Address"))
	// WCF sends the anonymous address by its number, the others in full.
	if v.IsAnonymous(r.Address) {
		w.Text(infoset.DictString(r.Address, infoset.Shared))
	} else {
		w.Text(infoset.String(r.Address))
	}
	w.End()
	parameters, properties := r.Parameters, r.Properties
	if v != August2004 && len(properties) > 0 {
		parameters, properties = slices.Concat(properties, parameters), nil
	}
	metadata := r.Metadata
	if v == August2004 {
		metadata = nil
	}
	for _, part := range [...]struct {
		name string
		of   []soap.Element
	}{{"ReferenceProperties", properties}, {"ReferenceParameters", parameters}, {"Metadata", metadata}} {
		if len(part.of) == 0 {
			continue
		}
		w.Start(v.name(part.name))
		for _, e := range part.of {
			if err := e.Write(w); err != nil {
				return err
			}
		}
		w.End()
	}
	for _, e := range r.Extensions {
		if err := e.Write(w); err != nil {
			return err
		}
	}
	w.End()
	return w.Err()
}

// headers gives the blocks that a message to the endpoint must have.
func (r *EndpointReference) headers(v Version) (out []*soap.Header, err error) {
	for _, list := range [...][]soap.Element{r.Properties, r.Parameters} {
		for _, e := range list {
			if v != V10 {
				out = append(out, &soap.Header{Element: e})
				continue
			}
			marked, err := e.WithAttr(infoset.Attr{
				Name:  *v.name("IsReferenceParameter"),
				Value: infoset.String("true"),
			})
			if err != nil {
				return nil, err
			}
			out = append(out, &soap.Header{Element: marked})
		}
	}
	return out, nil
}

// converted gives the reference as it is in version to. Going to August 2004 loses
// metadata; going to 1.0 properties become parameters, and PortType, ServiceName
// and policies of August 2004 are lost.
func (r *EndpointReference) converted(from, to Version) *EndpointReference {
	c := *r
	switch {
	case from.IsAnonymous(c.Address):
		c.Address = to.Anonymous()
	case from.IsNone(c.Address):
		return nil
	}
	if to == V10 {
		c.Parameters = slices.Concat(c.Properties, c.Parameters)
		c.Properties = nil
	} else {
		c.Metadata = nil
	}
	c.Extensions = nil
	for _, e := range r.Extensions {
		if e.Name().Space != from.Namespace() {
			c.Extensions = append(c.Extensions, e)
		}
	}
	return &c
}
