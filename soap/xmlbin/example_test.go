package xmlbin_test

import (
	"fmt"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// Text becomes the first message of a session: names go by number, the table of
// strings goes before the document.
func Example() {
	const text = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><Echo xmlns="urn:echo"/></s:Body></s:Envelope>`
	session := xmlbin.NewWriterSession(xmlbin.DefaultSessionSize)
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{AllNames: true, Session: session})
	if err := infoset.Copy(w, xmltext.NewBytes([]byte(text), xmltext.Options{})); err != nil {
		fmt.Println(err)
		return
	}
	message := append(session.AppendTable(nil), w.Bytes()...)
	fmt.Printf("%x\n", message)

	received := xmlbin.NewReaderSession(xmlbin.DefaultSessionSize)
	doc, err := received.Table(message)
	if err != nil {
		fmt.Println(err)
		return
	}
	back := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	err = infoset.Copy(back, xmlbin.NewBytes(doc, xmlbin.Options{Session: received}))
	fmt.Println(string(back.Bytes()), err)
	// Output:
	// 0e044563686f0875726e3a6563686f56020b017304560e42010a03010101
	// <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><Echo xmlns="urn:echo"/></s:Body></s:Envelope> <nil>
}
