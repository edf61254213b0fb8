package encoder_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/causeway-relay/causeway/soap/encoder"
)

// A message comes as text and goes on as .NET binary XML.
func ExampleSelect() {
	in, err := encoder.Select(`application/soap+xml; charset=utf-8; action="urn:example:act"`)
	if err != nil {
		fmt.Println(err)
		return
	}
	doc := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>`
	m, err := in.Decode(strings.NewReader(doc), encoder.Decoding{})
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := encoder.Select("application/soap+msbin1")
	if err != nil {
		fmt.Println(err)
		return
	}
	var b bytes.Buffer
	if err := out.Encode(&b, m, nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out.ContentType(""), len(doc), "bytes as text,", b.Len(), "as binary")
	// Output: application/soap+msbin1 84 bytes as text, 49 as binary
}
