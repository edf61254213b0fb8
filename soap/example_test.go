package soap_test

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

func ExampleRead() {
	doc := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>` +
		`<t:Token xmlns:t="urn:example:token" s:mustUnderstand="true">abc</t:Token></s:Header>` +
		`<s:Body><Add xmlns="urn:example:sums"><a>2</a></Add></s:Body></s:Envelope>`
	m, err := soap.Read(xmltext.NewReader(strings.NewReader(doc), xmltext.Options{}), soap.None, soap.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Version, m.Headers[0].Name().Local, m.Headers[0].Text())

	// A node that does not understand the token must refuse the message.
	if refused, ok := errors.AsType[*soap.Error]((&soap.Node{}).Check(m)); ok {
		fmt.Println(refused.Fault.Code.Local)
	}
	body, err := m.Body()
	if err != nil {
		fmt.Println(err)
		return
	}
	first, err := body.Next()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(first.Name.Space, first.Name.Local)
	// Output:
	// SOAP 1.2 Token abc
	// MustUnderstand
	// urn:example:sums Add
}

func ExampleFault() {
	f := soap.NewFault(soap.Sender, "no such order")
	err := f.SetDetail(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Prefix: "o", Space: "urn:example:orders", Local: "Unknown"})
		w.Text(infoset.Int(7))
		w.End()
		return w.Err()
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	m := soap.New(soap.V11)
	m.SetFault(f)
	if err := m.Write(xmltext.NewWriter(os.Stdout, xmltext.WriterOptions{})); err != nil {
		fmt.Println(err)
	}
	// Output:
	// <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring xml:lang="en">no such order</faultstring><detail><o:Unknown xmlns:o="urn:example:orders">7</o:Unknown></detail></s:Fault></s:Body></s:Envelope>
}
