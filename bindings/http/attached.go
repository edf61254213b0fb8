package http

import (
	"bytes"
	"context"
	nethttp "net/http"
	"strings"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// attachedTo gives what stands around the exchanges of an entity with an attached description: it answers who asks for one, listeners or
// not, and lets everything else pass. nil: the entity has none.
func attachedTo(e *entity.Entity) shape.Middleware {
	if len(e.Settings.Metadata) == 0 {
		return nil
	}
	return func(next shape.Exchanger) shape.Exchanger { return &attached{next: next, entity: e} }
}

// attached is an Exchanger that knows an entity's description.
type attached struct {
	next   shape.Exchanger
	entity *entity.Entity
}

// Exchange implements shape.Exchanger.
func (a *attached) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	asked, ok := partOf(req)
	if !ok {
		return a.next.Exchange(ctx, req)
	}
	d := describe(a.entity, req)
	text, err := d.serve(asked)
	if err != nil {
		return nil, err
	}
	res := &shape.Response{Status: nethttp.StatusOK, Reason: nethttp.StatusText(nethttp.StatusOK), Fields: shape.Fields{
		{Name: "Content-Type", Value: "text/xml; charset=utf-8"},
	}}
	if req.Method != nethttp.MethodHead {
		res.Body = newWhole(text)
	}
	return res, nil
}

// question is what of a description is asked for.
type question struct {
	kind string // wsdl, singlewsdl or xsd
	name string // of a document; "" the description itself
}

// partOf reads a question of WCF's (WCF wire reference section 10): ?wsdl, ?singleWsdl, ?wsdl=NAME, ?xsd=NAME, whatever their case.
func partOf(req *shape.Request) (question, bool) {
	if req.Method != nethttp.MethodGet && req.Method != nethttp.MethodHead {
		return question{}, false
	}
	_, query, _ := strings.Cut(req.Target, "?")
	for part := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(part, "=")
		switch kind := strings.ToLower(key); kind {
		case "wsdl", "singlewsdl", "xsd":
			return question{kind, unescape(value)}, true
		}
	}
	return question{}, false
}

// description is an attached description as one request sees it.
type description struct {
	documents []entity.Document
	to        place
	addresses *mapping // nil: the documents name no address of the service's
}

// describe finds how the addresses in an entity's documents become those by which the request came.
func describe(e *entity.Entity, req *shape.Request) *description {
	d := &description{documents: e.Settings.Metadata}
	path, _, _ := strings.Cut(req.Target, "?")
	own := segments(path)
	own = own[:min(len(own), len(segments(e.At.Path)))]
	d.to = place{scheme: "http", authority: req.Host, path: "/" + strings.Join(own, "/"), entity: own}
	if strings.EqualFold(req.Door, "https") {
		d.to.scheme = "https"
	}
	found := &finder{}
	for i := range d.documents {
		// It was read when it was attached; should it not be readable any more the answer itself says so.
		_ = infoset.Copy(&found.Discard, &located{Reader: reader([]byte(d.documents[i].Text), soap.Text), visit: found.see})
	}
	if m, ok := found.mapping(d.to); ok {
		d.addresses = m
	}
	return d
}

// serve writes what was asked for.
func (d *description) serve(asked question) ([]byte, error) {
	i, ok := 0, true
	if asked.name != "" {
		i, ok = d.named(asked.name)
	} else if asked.kind == "xsd" {
		ok = false
	}
	if !ok {
		return nil, fail.Newf(fail.UnknownEntity, "The description of this relay has no part of that name. Ask for ?wsdl and follow its imports.")
	}
	var out bytes.Buffer
	w := writer(&out, soap.Text)
	var err error
	if asked.kind == "singlewsdl" {
		err = d.single(w)
	} else {
		err = infoset.Copy(w, &located{Reader: reader([]byte(d.documents[i].Text), soap.Text), visit: d.address, parts: d.part})
	}
	if err != nil {
		return nil, fail.Wrap(fail.Internal, "write an attached description", err)
	}
	return out.Bytes(), nil
}

// named finds a document by its name, whatever the case.
func (d *description) named(name string) (int, bool) {
	for i := range d.documents {
		if strings.EqualFold(d.documents[i].Name, name) {
			return i, true
		}
	}
	return 0, false
}

// address gives the relay's address for one of the service's. What is no address at all stands for one that its tool did not know, as
// in REPLACE_WITH_ACTUAL_URL: that is the relay's too. Those of others, and of other protocols, stay.
func (d *description) address(address string, self bool) string {
	switch {
	case self:
		return address // a part that is not among the documents is somebody else's
	case !strings.Contains(address, "://"):
		return d.to.url()
	case d.addresses == nil:
		return address
	}
	return d.addresses.apply(address, false)
}

// part gives an import or include that names one of the documents the address of that at the relay.
func (d *description) part(t *infoset.Token) (*infoset.Token, bool) {
	i, attr, ok := d.find(t)
	if !ok {
		return nil, false
	}
	doc := &d.documents[i]
	kind := "?wsdl="
	if schema, _ := doc.Schema(); schema {
		kind = "?xsd="
	}
	value := infoset.String(d.to.url() + kind + escape(doc.Name))
	t = changed(t)
	for n := range t.Attrs {
		if t.Attrs[n].Name.Is("", attr) {
			t.Attrs[n].Value = value
			return t, true
		}
	}
	t.Attrs = append(t.Attrs, infoset.Attr{Name: infoset.Name{Local: attr}, Value: value})
	return t, true
}

// find gives the document that an element names, by the file in its location or, of an import that has none of these, by its
// namespace: svcutil writes imports without a location. attr is the attribute where the location stands.
func (d *description) find(t *infoset.Token) (i int, attr string, ok bool) {
	if !isPart(t.Name) {
		return 0, "", false
	}
	switch t.Name.Space {
	case namespaceWSDL:
		attr = "location"
	case namespaceXSD:
		attr = "schemaLocation"
	default:
		return 0, "", false
	}
	location, _ := t.Attr("", attr)
	if name := fileOf(location.String()); name != "" {
		if i, ok = d.named(name); ok {
			return i, attr, true
		}
	}
	space, has := t.Attr("", "namespace")
	if !has || t.Name.Local != "import" {
		return 0, attr, false
	}
	for n := range d.documents {
		schema, target := d.documents[n].Schema()
		if n > 0 && target == space.String() && (schema || t.Name.Space == namespaceWSDL) {
			if ok {
				return 0, attr, false // two of one namespace: the location would have to say which
			}
			i, ok = n, true
		}
	}
	return i, attr, ok
}

// fileOf is the name of the file in a location: types.xsd of schemas/types.xsd, xsd0 of http://server/calc.svc?xsd=xsd0.
func fileOf(location string) string {
	rest, query, has := strings.Cut(location, "?")
	if has {
		for part := range strings.SplitSeq(query, "&") {
			if key, value, _ := strings.Cut(part, "="); strings.EqualFold(key, "wsdl") || strings.EqualFold(key, "xsd") {
				return unescape(value)
			}
		}
	}
	return unescape(rest[strings.LastIndexAny(rest, `/\`)+1:])
}
