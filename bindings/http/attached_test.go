package http_test

import (
	"context"
	"fmt"
	nethttp "net/http"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// described is a description in four files: WSDL with an import of schemas by file, by a service's address and by namespace alone, and
// a schema that includes one without a namespace.
func described() []entity.Document {
	return []entity.Document{
		{Name: "calc.wsdl", Text: `<?xml version="1.0" encoding="utf-8"?><!-- by a tool -->
<w:definitions targetNamespace="urn:calc" xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns="http://schemas.xmlsoap.org/wsdl/">
<w:types><x:schema targetNamespace="urn:calc/imports" xmlns:x="http://www.w3.org/2001/XMLSchema">
<x:import namespace="urn:types" schemaLocation="schemas/types.xsd"/><x:import namespace="urn:more"/><x:import namespace="urn:elsewhere" schemaLocation="http://example.net/x.xsd"/>
</x:schema></w:types>
<w:service name="Calc"><w:port name="basic" binding="b"><soap:address location="http://server1:8080/Services/Calc.svc"/></w:port>
<w:port name="ws" binding="b"><soap:address location="http://server1:8080/Services/Calc.svc/ws"/></w:port>
<w:port name="tcp" binding="b"><soap:address location="net.tcp://server1/Calc"/></w:port>
<w:port name="todo" binding="b"><soap:address location="REPLACE_WITH_ACTUAL_URL"/></w:port></w:service>
</w:definitions>`},
		{Name: "types.xsd", Text: `<schema targetNamespace="urn:types" xmlns="http://www.w3.org/2001/XMLSchema"><include schemaLocation="./common.xsd"><annotation/></include><simpleType name="T"><restriction base="string"/></simpleType></schema>`},
		{Name: "more.xsd", Text: `<x:schema targetNamespace="urn:more" xmlns:x="http://www.w3.org/2001/XMLSchema"><x:import namespace="urn:types" schemaLocation="http://server1/Calc.svc?xsd=types.xsd"/><x:element name="M" type="undeclared"/></x:schema>`},
		{Name: "common.xsd", Text: `<!-- c --><x:schema xmlns:x="http://www.w3.org/2001/XMLSchema"><x:simpleType name="C"><x:restriction base="x:int"/></x:simpleType></x:schema>`},
	}
}

// TestAttachedDescription: an attached description is served with the relay's addresses, in parts and in one, with no listener there and
// in the place of the listener's own; what is no question of metadata goes to the listener.
func TestAttachedDescription(t *testing.T) {
	both(t, func(w *world) {
		w.add("a/calc", func(e *entity.Entity) { e.Settings.Metadata = described() })
		base := "https://" + w.Node(0).Host("https") + "/a/calc"
		served := func(when string) {
			root := w.call("GET", "a/calc?wsdl", "")
			for _, want := range []string{
				`schemaLocation="` + base + `?xsd=types.xsd"`, `namespace="urn:more" schemaLocation="` + base + `?xsd=more.xsd"`,
				`"http://example.net/x.xsd"`, `location="` + base + `"/>`, `location="` + base + `/ws"/>`, `location="net.tcp://server1/Calc"/>`,
			} {
				if !strings.Contains(strings.ReplaceAll(root.body, " />", "/>"), want) {
					t.Errorf("%s: no %s in %s", when, want, root.body)
				}
			}
			if root.status != 200 || strings.Contains(root.body, "server1:8080") || strings.Contains(root.body, "REPLACE") || root.fields.Get("Content-Type") != "text/xml; charset=utf-8" {
				t.Errorf("%s: %+v", when, root)
			}
			if same := w.call("GET", "A/Calc?WSDL=CALC.wsdl", ""); !strings.Contains(same.body, "/A/Calc?xsd=types.xsd") {
				t.Errorf("%s: by the name of the first, as the client spells it: %s", when, same.body)
			}
			types, more := w.call("GET", "a/calc?xsd=types.xsd", ""), w.call("GET", "a/calc?xsd=more.xsd", "")
			if !strings.Contains(types.body, `schemaLocation="`+base+`?xsd=common.xsd"`) || !strings.Contains(more.body, `schemaLocation="`+base+`?xsd=types.xsd"`) {
				t.Errorf("%s: %s and %s", when, types.body, more.body)
			}
			single := w.call("GET", "a/calc?singleWsdl", "").body
			if n := strings.Count(single, "<x:schema ") + strings.Count(single, "<schema "); n != 4 || strings.Contains(single, "xsd=") || strings.Contains(single, "include") {
				t.Errorf("%s: one file has %d schemas: %s", when, n, single)
			}
			if !strings.Contains(single, `<x:schema targetNamespace="urn:types" xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns=""><x:simpleType name="C">`) {
				t.Errorf("%s: schemas change their meaning: %s", when, single)
			}
			for _, query := range []string{"xsd=none.xsd", "wsdl=none", "xsd"} {
				if got := w.call("GET", "a/calc?"+query, ""); got.status != 404 || !strings.Contains(got.body, "no part of that name") {
					t.Errorf("%s, %s: %+v", when, query, got)
				}
			}
			if got := w.call("HEAD", "a/calc?wsdl", ""); got.status != 200 || got.body != "" {
				t.Errorf("%s, HEAD: %+v", when, got)
			}
		}
		served("without a listener")
		if got := w.call("GET", "a/calc", ""); got.status != 404 || got.fields.Get("Causeway-Error") != "NoListener" {
			t.Errorf("another question without a listener: %+v", got)
		}
		w.serve("a/calc", func(out nethttp.ResponseWriter, r *nethttp.Request) {
			fmt.Fprint(out, "the listener's "+r.URL.RawQuery)
		})
		served("with a listener")
		if got := w.call("GET", "a/calc?q=wsdl", ""); got.body != "the listener's q=wsdl" {
			t.Errorf("another question: %+v", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		w.Await(ctx, "the account", func(line map[string]string) bool {
			return line["msg"] == "closed" && line["entity"] == "a/calc" && line["listener"] == "" && line["status"] == "200"
		})
	})
}

// TestAttachedNeedsRight: who may not send may not read the description either.
func TestAttachedNeedsRight(t *testing.T) {
	both(t, func(w *world) {
		w.add("calc", func(e *entity.Entity) {
			e.AnonymousSenders, e.Rules, e.Settings.Metadata = false, []entity.Rule{w.rule}, described()
		})
		if got := w.call("GET", "calc?wsdl", ""); got.status != 401 || strings.Contains(got.body, "definitions") {
			t.Errorf("without a key: %+v", got)
		}
		if got := w.call("GET", "calc?wsdl", "", "Authorization", basic("clerk", string(w.rule.Primary))); got.status != 200 {
			t.Errorf("with a key: %+v", got)
		}
	})
}
