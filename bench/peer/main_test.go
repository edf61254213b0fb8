package peer

import (
	"os"
	"testing"

	"github.com/causeway-relay/causeway/bench/load"
)

// TestMain is also the target that tests start.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "target" {
		if _, err := load.NewService(os.Args[2]); err != nil {
			os.Exit(1)
		}
		select {} // until it is killed
	}
	os.Exit(m.Run())
}
