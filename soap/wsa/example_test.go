package wsa_test

import (
	"fmt"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/wsa"
)

func ExampleProperties_Reply() {
	request := &wsa.Properties{Version: wsa.V10, Action: "urn:example/Add", MessageID: "urn:example:1"}
	reply, send, err := request.Reply("urn:example/AddResponse", false)
	if err != nil {
		fmt.Println(err)
		return
	}
	m := soap.New(soap.V12)
	if err := reply.Write(m); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(send, wsa.V10.IsAnonymous(reply.To))
	for _, h := range m.Headers {
		fmt.Println(h.Name().Local, h.Text())
	}
	// Output:
	// true true
	// Action urn:example/AddResponse
	// RelatesTo urn:example:1
}
