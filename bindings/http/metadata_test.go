package http

import (
	"bytes"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap"
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

// FuzzRewriteAddresses: nothing breaks it, and what it gives it can read again and finds nothing more to change in.
func FuzzRewriteAddresses(f *testing.F) {
	f.Add([]byte(wsdlOf([]string{"http://a/b?xsd=xsd0"}, []string{"http://a/b/c"})))
	f.Add([]byte(wsdlOf(nil, []string{"http://[::1]:80/%41"})))
	f.Add([]byte(`<a location="http://x"/>`))
	f.Add([]byte(`<a><Address xmlns="http://www.w3.org/2005/08/addressing">http://x/y</Address></a>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		once, ok := rewriteAddresses(doc, soap.Text, at("/calc", 1))
		if !ok {
			return
		}
		if _, ok := rewriteAddresses(once, soap.Text, at("/calc", 1)); !ok && !bytes.Contains(once, []byte("relay.example.com")) {
			t.Errorf("%q became %q, which cannot be read", doc, once)
		}
	})
}
