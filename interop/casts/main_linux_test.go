package casts

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/interop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(interop.Exit)) }
