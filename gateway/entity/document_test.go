package entity_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
)

const (
	wsdl = `<?xml version="1.0" encoding="utf-8"?><?pi x?><w:definitions targetNamespace="urn:w" xmlns:w="http://schemas.xmlsoap.org/wsdl/"/>`
	xsd  = "\ufeff<schema targetNamespace='urn:x' xmlns='http://www.w3.org/2001/XMLSchema'><!-- a --></schema>\r\n"
)

// TestDocuments: what can be attached to an entity, and what is said of the rest.
func TestDocuments(t *testing.T) {
	one := func(name, text string) []entity.Document { return []entity.Document{{Name: name, Text: text}} }
	var many []entity.Document
	for i := range entity.MaxDocuments + 1 {
		many = append(many, entity.Document{Name: fmt.Sprintf("%d.wsdl", i), Text: wsdl})
	}
	for _, row := range []struct {
		all  []entity.Document
		want string // "": nothing
	}{
		{nil, ""},
		{one("a.wsdl", wsdl), ""},
		{append(one("a.wsdl", wsdl), one("ü-1_b.xsd", xsd)...), ""},
		{one("", wsdl), "a document's name has 0 characters"},
		{one(strings.Repeat("n", 129), wsdl), "has 129 characters"},
		{one("a/b.wsdl", wsdl), "without folders"},
		{one("a b", wsdl), "without folders"},
		{one("a&b", wsdl), "without folders"},
		{one("a\n", wsdl), "without folders"},
		{one("a", "\xff\xfe<\x00"), "not UTF-8"},
		{one("a", ""), "is no XML that can be served"},
		{one("a", wsdl[:len(wsdl)-2]), "is no XML that can be served"},
		{one("a", wsdl+"<again/>"), "is no XML that can be served"},
		{one("a", "<!DOCTYPE a [<!ENTITY e 'x'>]>"+wsdl), "is no XML that can be served"},
		{one("a", strings.ReplaceAll(wsdl, "/>", ">"+strings.Repeat("<a>", 200))), "is no XML that can be served"},
		{one("a", "<html/>"), `begins with "html"`},
		{one("a", "<definitions/>"), `begins with "definitions"`},
		{one("a.xsd", xsd), "the first document is the description"},
		{append(one("a.wsdl", wsdl), one("A.WSDL", wsdl)...), `"A.WSDL" stands twice`},
		{many, "33 documents, at most 32"},
		{one("a", "<!--"+strings.Repeat("x", entity.MaxDocumentBytes)+"-->"+wsdl), "more than 524288 bytes together"},
	} {
		err := entity.CheckDocuments(row.all)
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%.80q: %v, want %q", fmt.Sprint(row.all), err, row.want)
		}
	}
	for text, want := range map[string]string{wsdl: "false urn:w", xsd: "true urn:x", "<": "false "} {
		d := entity.Document{Name: "a", Text: text}
		if schema, target := d.Schema(); fmt.Sprint(schema, " ", target) != want {
			t.Errorf("%.40q: %v %s, want %s", text, schema, target, want)
		}
	}
	e := &entity.Entity{Name: "calc", Kind: entity.HTTP, Settings: entity.Settings{Metadata: one("a.wsdl", wsdl)}}
	c := e.Clone()
	if c.Settings.Metadata[0].Name = "other"; e.Settings.Metadata[0].Name != "a.wsdl" {
		t.Error("a clone shares its documents")
	}
	if e.Settings.Metadata[0].Text = "<"; e.Check() == nil {
		t.Error("an entity with a broken document is right")
	}
}
