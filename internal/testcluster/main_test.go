package testcluster_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain: when all tests are over, nothing they started runs on.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
