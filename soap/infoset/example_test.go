package infoset_test

import (
	"fmt"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// Generated code reads documents like this: the same code for text and binary.
func ExampleContent() {
	for _, r := range []infoset.Reader{
		xmltext.NewBytes([]byte("<Total> 42 </Total>"), xmltext.Options{}),
		xmlbin.NewBytes([]byte("\x40\x05Total\x89\x2A"), xmlbin.Options{}),
	} {
		start, err := r.Next()
		if err != nil || !start.Name.Is("", "Total") {
			fmt.Println("no total:", err)
			return
		}
		v, err := infoset.Content(r, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		i, err := v.AsInt(32)
		fmt.Println(v.Type(), i, err)
	}
	// Output:
	// text 42 <nil>
	// int64 42 <nil>
}
