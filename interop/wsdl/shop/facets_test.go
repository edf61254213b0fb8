package shop_test

import (
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop/wsdl/shop"
	"github.com/causeway-relay/causeway/soap/codec"
)

// TestFacets: generated types know the bounds of their schema, of every sort of type: a value within them comes back the same, and one
// beyond them is told of and kept, refused by Strict and not written.
func TestFacets(t *testing.T) {
	for _, row := range []struct{ name, attr, good, bad, words string }{
		{"pattern", "", `<sku>AB12</sku>`, `<sku>AI12</sku>`, "/receipt/bounds/sku: a value that breaks the facet pattern"},
		{"alternative", "", `<sku>none</sku>`, `<sku>some</sku>`, "pattern"},
		{"of the base and its own", "", `<sku>AB123</sku>`, `<sku>AB1234</sku>`, "maxLength 5 (the value's length is 6)"},
		{"white space", "", `<sku> AB123 </sku>`, `<sku>AB1 23</sku>`, "pattern"},
		{"low", "", `<sku>AB1</sku><percent>0</percent>`, `<sku>AB1</sku><percent>-1</percent>`, "minInclusive 0"},
		{"high", "", `<sku>AB1</sku><percent>100</percent>`, `<sku>AB1</sku><percent>101</percent>`, "maxInclusive 100"},
		{"more than", "", `<sku>AB1</sku><share>0.5</share>`, `<sku>AB1</sku><share>0</share>`, "minExclusive 0"},
		{"less than", "", `<sku>AB1</sku><share>0.5</share>`, `<sku>AB1</sku><share>1</share>`, "maxExclusive 1"},
		{"digits", "", `<sku>AB1</sku><price>123.45</price>`, `<sku>AB1</sku><price>12345.6</price>`, "totalDigits 5"},
		{"digits behind the point", "", `<sku>AB1</sku><price>1.25</price>`, `<sku>AB1</sku><price>1.255</price>`, "fractionDigits 2"},
		{"octets", "", `<sku>AB1</sku><key>YWI=</key>`, `<sku>AB1</sku><key>YQ==</key>`, "minLength 2 (the value's length is 1)"},
		{"hex", "", `<sku>AB1</sku><digest>0AFF</digest>`, `<sku>AB1</sku><digest>0A</digest>`, "length 2"},
		{"items", "", `<sku>AB1</sku><pair>AB1 none</pair>`, `<sku>AB1</sku><pair>AB1</pair>`, "/receipt/bounds/pair: a value that breaks the facet length 2"},
		{"an item", "", `<sku>AB1</sku><pair>AB1 AB2</pair>`, `<sku>AB1</sku><pair>AB1 ABC</pair>`, "/receipt/bounds/pair: a value that breaks the facet pattern"},
		{"attribute", "1234", `<sku>AB1</sku>`, `<sku>AB1</sku>`, "pin: a value that breaks the facet length 4 (the value's length is 3)"},
	} {
		read := func(content, pin string) (*shop.Receipt, []string, []byte) {
			if row.attr != "" {
				pin = ` pin="` + pin + `"`
			}
			doc := []byte(`<receipt xmlns="urn:example:shop"><no>1</no><bounds` + pin + `>` + content + `</bounds></receipt>`)
			var told []string
			d := decoder(doc)
			d.Report = func(p *codec.Problem) { told = append(told, p.Kind.String()+" "+p.Error()) }
			v, err := shop.ReceiptMessage().Read(d)
			if err != nil {
				t.Fatalf("%s: %v", row.name, err)
			}
			return v, told, doc
		}
		v, told, doc := read(row.good, row.attr)
		if _, err := shop.ReceiptMessage().Unmarshal(doc, true); err != nil || len(told) > 0 {
			t.Errorf("%s: %v, told %q", row.name, err, told)
		}
		if _, err := shop.ReceiptMessage().Marshal(v); err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		v, told, doc = read(row.bad, strings.TrimSuffix(row.attr, "4"))
		if len(told) != 1 || !strings.HasPrefix(told[0], codec.OutOfBounds.String()) || !strings.Contains(strings.ReplaceAll(told[0], "tns:", ""), row.words) {
			t.Errorf("%s: told %q", row.name, told)
		}
		for _, refuse := range []func() error{
			func() error { _, err := shop.ReceiptMessage().Unmarshal(doc, true); return err },
			func() error { _, err := shop.ReceiptMessage().Marshal(v); return err },
		} {
			if err := refuse(); err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "tns:", ""), row.words) {
				t.Errorf("%s: %v, want %s", row.name, err, row.words)
			}
		}
	}
}
