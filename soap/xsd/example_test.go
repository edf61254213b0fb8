package xsd_test

import (
	"fmt"
	"time"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// A value keeps its text, and knows its instant.
func ExampleDateTime() {
	var d xsd.DateTime
	err := d.FromValue(infoset.String("2026-07-01T12:00:00.120+02:00"))
	fmt.Println(d, d.Time(time.UTC).UTC(), err)
	// Output:
	// 2026-07-01T12:00:00.120+02:00 2026-07-01 10:00:00.12 +0000 UTC <nil>
}
