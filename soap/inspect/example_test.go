package inspect_test

import (
	"fmt"

	"github.com/causeway-relay/causeway/soap/inspect"
)

// A hex dump of a binary message becomes XML that people can read.
func ExampleDecode() {
	report, err := inspect.Decode([]byte("56 02 0b 01 73 04 56 0e 40 04 45 63 68 6f 99 02 68 69 01 01"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s%s", report.AppendSummary(nil), report.AppendXML(nil))
	// Output:
	// document, written in hex, 20 bytes, 1 message
	// message 1 at 0: 20 bytes, application/soap+msbin1; SOAP 1.2 Echo
	// <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">
	//   <s:Body>
	//     <Echo>hi</Echo>
	//   </s:Body>
	// </s:Envelope>
}
