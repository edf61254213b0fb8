package xmltext_test

import (
	"errors"
	"fmt"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// What SOAP does not allow is refused, with the place.
func Example_refused() {
	r := xmltext.NewBytes([]byte(`<a><b x="1" x="2"/></a>`), xmltext.Options{})
	for {
		t, err := r.Next()
		if err != nil {
			var e *infoset.Error
			fmt.Println(err, errors.As(err, &e) && e.Reason == infoset.Duplicate)
			return
		}
		fmt.Println(t.Kind, t.Name)
	}
	// Output:
	// start a
	// xml: duplicate: attribute "x" at byte 3 in /a/b true
}

// Generated code writes documents like this, in either encoding.
func Example_write() {
	name := infoset.Name{Space: "urn:orders", Local: "Order"}
	total := infoset.Name{Space: "urn:orders", Local: "Total"}
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	w.Start(&name)
	w.Start(&total)
	w.Text(infoset.Decimal{Scale: 2, Lo: 1250}.Value())
	w.End()
	w.End()
	fmt.Println(w.Flush(), string(w.Bytes()))
	// Output:
	// <nil> <Order xmlns="urn:orders"><Total>12.50</Total></Order>
}
