package rewrite_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/causeway-relay/causeway/soap/rewrite"
)

// A message goes on with another To as soon as its head is there; the body
// follows as it comes.
func ExampleScanner() {
	arrives := []string{
		`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header><a:To xmlns:a="http://www.w3.org/2005/08/addressing">https://re`,
		`lay.example/orders</a:To></s:Header><s:Body><Ord`,
		`er xmlns="urn:example:orders"/></s:Body></s:Envelope>`,
	}
	var s rewrite.Scanner
	var head []byte
	scanned := false
	for _, piece := range arrives {
		if scanned {
			fmt.Println("passes on:", piece)
			continue
		}
		head = append(head, piece...)
		if err := s.Scan(head); errors.Is(err, rewrite.ErrMore) {
			fmt.Println("waits")
			continue
		} else if err != nil {
			fmt.Println(err)
			return
		}
		scanned = true
		pieces, err := s.Apply(nil, head, []rewrite.Edit{{Op: rewrite.SetText, Space: "http://www.w3.org/2005/08/addressing", Local: "To", Text: "http://10.0.0.7/orders"}})
		if err != nil {
			fmt.Println(err)
			return
		}
		var out strings.Builder
		for _, p := range pieces { // a writev in real life
			out.Write(p)
		}
		fmt.Println("sends:", out.String()[62:])
	}
	// Output:
	// waits
	// sends: <s:Header><a:To xmlns:a="http://www.w3.org/2005/08/addressing">http://10.0.0.7/orders</a:To></s:Header><s:Body><Ord
	// passes on: er xmlns="urn:example:orders"/></s:Body></s:Envelope>
}
