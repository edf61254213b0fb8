package http

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
)

const gateway = "https://relay.example.com"

func at(path string, entity int) place {
	return place{"https", "relay.example.com", path, segments(path)[:entity]}
}

// wsdlOf is a description with what is given in places where addresses stand.
func wsdlOf(imports, endpoints []string) string {
	var b strings.Builder
	b.WriteString(`<w:definitions targetNamespace="http://server1/ns" xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:a="http://www.w3.org/2005/08/addressing">`)
	for _, i := range imports {
		b.WriteString(`<w:import namespace="http://server1/ns" location="` + i + `"/>`)
	}
	for _, e := range endpoints {
		b.WriteString(`<w:port><s:address location="` + e + `"/><a:EndpointReference><a:Address>` + e + `</a:Address></a:EndpointReference></w:port>`)
	}
	return b.String() + `</w:definitions>`
}

// TestRewriteAddresses: the service's addresses become the relay's, whatever path it has; namespaces and what is of others stay.
func TestRewriteAddresses(t *testing.T) {
	rows := []struct {
		name                   string
		to                     place
		imports, endpoints     []string
		wantImports, wantsEnds []string
	}{
		{
			"same path", at("/calc", 1), nil, []string{"http://server1:8080/calc", "http://server1:8080/calc/ws"},
			nil, []string{gateway + "/calc", gateway + "/calc/ws"},
		},
		{
			"other path", at("/calc", 1), nil, []string{"http://server1/Services/Calc.svc", "http://server1/Services/Calc.svc/ws"},
			nil, []string{gateway + "/calc", gateway + "/calc/ws"},
		},
		{
			"imports say where it is", at("/a/calc", 2),
			[]string{"http://server1/svc?wsdl=wsdl0", "http://server1/svc?xsd=xsd0", "http://schemas.xmlsoap.org/wsdl/x", ""}, []string{"http://server1/svc/basic"},
			[]string{gateway + "/a/calc?wsdl=wsdl0", gateway + "/a/calc?xsd=xsd0", "http://schemas.xmlsoap.org/wsdl/x", ""}, []string{gateway + "/a/calc/basic"},
		},
		{
			"a description beside its endpoints", at("/calc/meta", 1), []string{"http://server1/svc/meta?xsd=xsd0"}, []string{"http://server1/svc", "http://server1/svc/ws"},
			[]string{gateway + "/calc/meta?xsd=xsd0"}, []string{gateway + "/calc", gateway + "/calc/ws"},
		},
		{
			"a description elsewhere", at("/calc", 1), []string{"http://server1/meta?xsd=xsd0"}, []string{"http://server1/Services/Calc.svc"},
			[]string{gateway + "/calc?xsd=xsd0"}, []string{gateway + "/calc"},
		},
		{
			"asked for below the relay", at("/calc/mex", 1), nil, []string{"http://server1/Services/Calc.svc", "http://server1/Services/Calc.svc/ws"},
			nil, []string{gateway + "/calc", gateway + "/calc/ws"},
		},
		{
			"another host and scheme", at("/calc", 1), nil, []string{"http://server1/calc", "net.tcp://server1/calc", "https://SERVER1:444/calc", "http://other/calc"},
			nil, []string{gateway + "/calc", "net.tcp://server1/calc", gateway + "/calc", "http://other/calc"},
		},
	}
	for _, row := range rows {
		got, ok := rewriteAddresses([]byte(wsdlOf(row.imports, row.endpoints)), soap.Text, row.to)
		if want := wsdlOf(row.wantImports, row.wantsEnds); !ok || strings.ReplaceAll(string(got), " />", "/>") != want {
			t.Errorf("%s, %v:\n%s\nwant\n%s", row.name, ok, got, want)
		}
	}
	for _, bad := range []string{"", "<a", "<!DOCTYPE a><a/>", "<a/>", "<html><body>no", wsdlOf(nil, []string{"net.tcp://x/y"})} {
		if got, ok := rewriteAddresses([]byte(bad), soap.Text, at("/calc", 1)); ok {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

// FuzzRewriteAddresses: what is well-formed stays so, and only addresses change: element by element, name by name, declaration by
// declaration and text by text the two documents are the same but for the attributes and texts that hold one. A document with the
// relay's addresses is left as it is.
func FuzzRewriteAddresses(f *testing.F) {
	f.Add([]byte(wsdlOf([]string{"http://a/b?xsd=xsd0"}, []string{"http://a/b/c"})))
	f.Add([]byte(wsdlOf(nil, []string{"http://[::1]:80/%41"})))
	f.Add([]byte(`<a location="http://x"/>`))
	f.Add([]byte(`<a><Address xmlns="http://www.w3.org/2005/08/addressing">http://x/y</Address></a>`))
	f.Add([]byte(`<a><Address xmlns="http://www.w3.org/2005/08/addressing"> http://x/y<!-- c --> http://x/z?<b/> </Address>&amp;]]&gt;</a>`))
	f.Add([]byte(`<d:discovery xmlns:d="http://schemas.xmlsoap.org/disco/"><c:contractRef ref="http://x/a?wsdl" docRef="http://x/a" xmlns:c="http://schemas.xmlsoap.org/disco/scl/"/></d:discovery>`))
	f.Add([]byte(`<m:Location xmlns:m="http://schemas.xmlsoap.org/ws/2004/09/mex">http://x/a?wsdl</m:Location>`))
	f.Add([]byte(`<a xmlns="u" b:location="http://x" xmlns:b="v" location="&#104;ttp://x/&amp;?&quot;&#xD;"><![CDATA[http://x]]></a>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		once, ok := rewriteAddresses(doc, soap.Text, at("/calc", 1))
		if !ok {
			return
		}
		before, err := flattened(doc)
		if err != nil {
			t.Fatalf("%q was rewritten, and cannot be read: %v", doc, err)
		}
		after, err := flattened(once)
		if err != nil {
			t.Fatalf("%q became %q: %v", doc, once, err)
		}
		if before != after {
			t.Errorf("%q became %q:\n%s\nwas\n%s", doc, once, after, before)
		}
	})
}

// flattened is a document without what the rewriting may change: the text of attributes and elements that hold an address.
func flattened(doc []byte) (string, error) {
	var b strings.Builder
	r := reader(doc, soap.Text)
	hidden := false
	for {
		t, err := r.Next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch t.Kind {
		case infoset.StartElement:
			fmt.Fprintf(&b, "<%s %q", t.Name.Local, t.Name.Space)
			for _, d := range t.Decls {
				fmt.Fprintf(&b, " %s=%q", d.Prefix, d.Space)
			}
			for i := range t.Attrs {
				a := &t.Attrs[i]
				value := a.Value.String()
				if holdsAddress(t.Name, &a.Name) {
					value = "ADDRESS"
				}
				fmt.Fprintf(&b, " {%q}%s=%q", a.Name.Space, a.Name.Local, value)
			}
			b.WriteString(">\n")
			hidden = t.Name.Local == "Address" && strings.HasSuffix(t.Name.Space, "/addressing") || t.Name.Is(namespaceMEX, "Location")
		case infoset.EndElement:
			b.WriteString("</>\n")
			hidden = false
		case infoset.Text:
			if text := t.Value.String(); !hidden || !strings.Contains(text, "://") {
				b.WriteString(text)
			}
		case infoset.Comment:
			fmt.Fprintf(&b, "<!--%q-->", t.Value.String())
		default:
			return "", fmt.Errorf("token %v", t.Kind)
		}
	}
}
