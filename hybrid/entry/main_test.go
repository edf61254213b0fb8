package entry_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain: when all stories are over, nothing of the gateway or of the clients runs on.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
