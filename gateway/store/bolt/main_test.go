package bolt

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs the tests, or, where the crash test started the test binary anew, its victim.
func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		writer(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// The environment of a writer process.
const (
	writerDir    = "CAUSEWAY_TEST_WRITER_DIR"
	writerSeed   = "CAUSEWAY_TEST_WRITER_SEED"
	writerNoSync = "CAUSEWAY_TEST_WRITER_NOSYNC"
)
