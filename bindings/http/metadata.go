package http

import (
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// maxMetadata bounds a description that is rewritten, in bytes, compressed or not. Longer ones pass as they are.
const maxMetadata = 8 << 20

// What WS-MetadataExchange asks with: WCF by WS-Transfer (WCF wire reference section 10), others by the request of its own that it
// had first (WS-MetadataExchange 2004/09 section 5).
const (
	actionGet         = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
	actionGetMetadata = namespaceMEX + "/GetMetadata/Request"

	namespaceMEX   = "http://schemas.xmlsoap.org/ws/2004/09/mex"
	namespaceDisco = "http://schemas.xmlsoap.org/disco/" // and what is below it
)

// asksForMetadata reports whether the answer will be a description of the service's: ?wsdl, ?wsdl=, ?singleWsdl, ?xsd=, ?disco by GET,
// or an exchange of metadata. An attached one has the relay's addresses already.
func (v *visit) asksForMetadata(action string) bool {
	if v.form.soap {
		return action == actionGet || action == actionGetMetadata
	}
	if v.req.Method != "GET" || len(v.entity.Settings.Metadata) > 0 {
		return false
	}
	for part := range strings.SplitSeq(v.target.Query, "&") {
		switch key, _, _ := strings.Cut(part, "="); strings.ToLower(key) {
		case "wsdl", "singlewsdl", "xsd", "mex", "disco":
			return true
		}
	}
	return false
}

// rewriteMetadata gives a description the relay's addresses. What cannot be read or is no description passes as it is.
func (v *visit) rewriteMetadata(res *shape.Response) {
	kind := res.Fields.Get("Content-Type")
	enc, err := encoder.Select(kind)
	if plain, _, _ := strings.Cut(strings.ToLower(kind), ";"); err != nil && strings.TrimSpace(plain) == "application/xml" {
		enc, err = encoder.Encoding{Form: soap.Text}, nil
	}
	packed := strings.ToLower(res.Fields.Get("Content-Encoding"))
	if res.Status != 200 || res.Body == nil || err != nil || !readable(&enc) || packed != "" && packed != "gzip" {
		return
	}
	came, all, err := slurp(res.Body, maxMetadata)
	if !all {
		res.Body = &heard{Body: &failing{Body: res.Body, err: err}, early: came, size: res.Body.Size()}
		return
	}
	body := res.Body
	res.Body = &kept{whole: newWhole(came), body: body}
	doc := came
	if packed != "" {
		z, err := gzip.NewReader(bytes.NewReader(came))
		if err != nil {
			return
		}
		if doc, all, _ = slurp(z, maxMetadata); !all {
			return
		}
	}
	said, ok := rewriteAddresses(doc, enc.Form, v.place())
	if !ok {
		return
	}
	res.Body = &kept{whole: newWhole(said), body: body}
	for _, gone := range []string{"Content-Encoding", "Content-Length", "Content-MD5", "ETag", "Digest"} {
		res.Fields.Del(gone)
	}
	if enc.Form == soap.Text { // it is UTF-8 now
		plain, _, _ := strings.Cut(kind, ";")
		if enc.Version == soap.V12 {
			plain = "application/soap+xml"
		}
		res.Fields.Del("Content-Type")
		res.Fields.Add("Content-Type", strings.TrimSpace(plain)+"; charset=utf-8")
	}
}

// kept is a body in memory in the place of one that is closed with it: the relay's account ends with that.
type kept struct {
	*whole
	body shape.Body
}

// Close implements io.Closer.
func (k *kept) Close() error { return k.body.Close() }

// failing is the rest of a body that could not be read: it gives the error again.
type failing struct {
	shape.Body
	err error
}

// Read implements io.Reader.
func (f *failing) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, fail.Of(f.err)
	}
	return f.Body.Read(p)
}

// place is where the description was asked for.
func (v *visit) place() place {
	p := place{scheme: "http", authority: v.req.Host, path: strings.TrimSuffix(v.target.Path, "/")}
	if v.arrival.TLS {
		p.scheme = "https"
	}
	p.entity = segments(p.path)[:min(len(segments(p.path)), len(segments(v.entity.At.Path)))]
	return p
}

// rewriteAddresses writes a document again with other addresses. It gives false for one that cannot be read, or has none of the
// service's.
func rewriteAddresses(doc []byte, f soap.Form, to place) ([]byte, bool) {
	found := &finder{}
	if infoset.Copy(&found.Discard, &located{Reader: reader(doc, f), visit: found.see}) != nil {
		return nil, false
	}
	m, ok := found.mapping(to)
	if !ok {
		return nil, false
	}
	var out bytes.Buffer
	if err := infoset.Copy(writer(&out, f), &located{Reader: reader(doc, f), visit: m.apply}); err != nil {
		return nil, false
	}
	return out.Bytes(), true
}

func reader(doc []byte, f soap.Form) infoset.Reader {
	if f == soap.Binary {
		return xmlbin.NewBytes(doc, xmlbin.Options{Quotas: infoset.Buffered()})
	}
	return xmltext.NewBytes(doc, xmltext.Options{Quotas: infoset.Buffered()})
}

func writer(dst io.Writer, f soap.Form) infoset.Writer {
	if f == soap.Binary {
		return xmlbin.NewWriter(dst, xmlbin.WriterOptions{})
	}
	return xmltext.NewWriter(dst, xmltext.WriterOptions{})
}

// located is a reader that shows every address in a document: location, schemaLocation, the references of a discovery document, and
// the text of an Address or a metadata Location. What visit gives takes its place. Everything else passes as it is.
type located struct {
	infoset.Reader
	visit   func(address string, self bool) string
	parts   func(t *infoset.Token) (*infoset.Token, bool) // nil, or asked first for each element
	address bool
	token   infoset.Token
}

// Next implements infoset.Reader.
func (l *located) Next() (*infoset.Token, error) {
	t, err := l.Reader.Next()
	if err != nil {
		return t, err
	}
	switch t.Kind {
	case infoset.StartElement:
		l.address = t.Name.Local == "Address" && strings.HasSuffix(t.Name.Space, "/addressing") || t.Name.Is(namespaceMEX, "Location")
		if l.parts != nil {
			if part, ok := l.parts(t); ok {
				return part, nil
			}
		}
		return l.start(t), nil
	case infoset.EndElement:
		l.address = false
	case infoset.Text:
		if old := t.Value.String(); l.address && strings.Contains(old, "://") {
			l.token = *t
			l.token.Value = infoset.String(l.visit(strings.TrimSpace(old), false))
			return &l.token, nil
		}
	}
	return t, nil
}

// start shows the addresses in an element's attributes.
func (l *located) start(t *infoset.Token) *infoset.Token {
	for i := range t.Attrs {
		a := &t.Attrs[i]
		if !holdsAddress(t.Name, &a.Name) {
			continue
		}
		self := isPart(t.Name) || a.Name.Local == "ref"
		old := a.Value.String()
		now := l.visit(old, self)
		if now == old {
			continue
		}
		t = changed(t)
		t.Attrs[i].Value = infoset.String(now)
	}
	return t
}

// changed copies a token whose attributes are to be changed: a reader's own stays as it is.
func changed(t *infoset.Token) *infoset.Token {
	c := *t
	c.Attrs = slices.Clone(t.Attrs)
	return &c
}

// isPart reports whether an element of WSDL or XML Schema names another part of the description.
func isPart(element *infoset.Name) bool {
	return element.Local == "import" || element.Local == "include" || element.Local == "redefine"
}

// holdsAddress reports whether an attribute is an address: of a port or an import, or a reference of a discovery document.
func holdsAddress(element, attr *infoset.Name) bool {
	switch {
	case attr.Space != "":
		return false
	case attr.Local == "location", attr.Local == "schemaLocation":
		return true
	case attr.Local == "ref", attr.Local == "docRef", attr.Local == "address":
		return strings.HasPrefix(element.Space, namespaceDisco)
	}
	return false
}
