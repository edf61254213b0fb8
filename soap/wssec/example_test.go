package wssec_test

import (
	"fmt"
	"time"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/wssec"
)

// A client adds user and time to a message; the service finds and checks them.
func Example() {
	now := time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)
	m := soap.New(soap.V11)
	s := wssec.Security{Timestamp: wssec.NewTimestamp(now), Username: wssec.NewUsernameToken("alice", wssec.NewSecret("secret"))}
	h, err := s.Header()
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Headers = append(m.Headers, h)

	found, err := wssec.Find(m, "")
	if err != nil || found == nil {
		fmt.Println("no header", err)
		return
	}
	got, err := wssec.Read(found)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(got.Username.Username, got.Username.Password)
	fmt.Println(got.Timestamp.Check(now.Add(time.Minute), wssec.DefaultSkew))
	fmt.Println(got.Username.Check(wssec.NewSecret("guess"), now, wssec.DefaultSkew))
	// Output:
	// alice ***
	// <nil>
	// wssec: FailedAuthentication: wrong password
}
