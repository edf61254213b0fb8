package mtom_test

import (
	"bytes"
	"fmt"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/mtom"
)

// A message with a large value is written over HTTP and read again: the value
// travels beside the envelope, and comes back in its place.
func Example() {
	m := soap.New(soap.V11)
	m.SetBody(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Local: "photo", Space: "urn:example"})
		w.Text(infoset.Bytes(make([]byte, 1000)))
		w.End()
		return w.Err()
	})
	// A real boundary is random.
	o := mtom.WriterOptions{Version: soap.V11, Boundary: "uuid:3e4d6d3b-3455-43f8-bed1-bed67715cea6+id=1"}
	var http bytes.Buffer
	if err := m.Write(mtom.NewWriter(&http, o)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("bytes:", http.Len())

	enc, err := encoder.Select(o.ContentType())
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err = enc.Decode(&http, encoder.Decoding{Quotas: infoset.Buffered(), Multipart: mtom.Opener{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := m.Body()
	if err != nil {
		fmt.Println(err)
		return
	}
	photo, err := body.Next()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(photo.Name)
	v, err := infoset.Content(body, nil)
	fmt.Println(v.Type(), len(v.Raw()), err)
	// Output:
	// bytes: 1632
	// photo
	// bytes 1000 <nil>
}
