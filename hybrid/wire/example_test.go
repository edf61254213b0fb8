package wire_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
)

// A sender arrives; the gateway tells the listener; the listener reads where to dial.
func Example() {
	sender, err := wire.ParseTarget("/$hc/hyco/door?floor=2&sb-hc-action=connect&sb-hc-token=secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	accept := wire.Accept{
		At: wire.Rendezvous{
			Authority: "localhost:8443", Path: sender.Path, Query: sender.Query, Action: wire.ActionAccept,
			Ticket: [16]byte{0, 1, 15: 7},
		},
		Fields: http1.Fields{{Name: "Host", Value: "localhost:8443"}, {Name: "Sec-WebSocket-Key", Value: "dGhlIHNhbXBsZSBub25jZQ=="}},
		Remote: netip.MustParseAddrPort("192.0.2.1:4711"),
	}
	text, err := accept.Append(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	message, err := wire.Decode(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(message.Kind, message.Offer.Remote)
	fmt.Println(message.Offer.Address)
	fmt.Println(wire.RejectAddress(message.Offer.Address, 403, "not today")[len(message.Offer.Address):])
	// Output:
	// accept 192.0.2.1:4711
	// wss://localhost:8443/$hc/hyco/door?floor=2&sb-hc-action=accept&sb-hc-id=00010000-0000-0000-0000-000000000007_G1
	// &sb-hc-statusCode=403&sb-hc-statusDescription=not+today
}

func ExampleSign() {
	audience := wire.Audience("contoso.servicebus.windows.net", "hyco")
	fmt.Println(wire.Sign(audience, "send", "dGVzdC1rZXk=", time.Unix(2000000000, 0)))
	// Output:
	// SharedAccessSignature sr=http%3A%2F%2Fcontoso.servicebus.windows.net%2Fhyco%2F&sig=dgZ9c8gUDRgMDDnQtmOzJMtX0dDnpsE7CmefuASAqYA%3D&se=2000000000&skn=send
}
