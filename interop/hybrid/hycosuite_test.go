package hybrid

import (
	"encoding/json"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/interop"
)

// officialTests is how many tests hyco-https 1.4.5 ships.
const officialTests = 39

// TestOfficialHTTPSSuite runs hyco-https's own tests as they lie in its package, 39 of 39. They know port 443 and nothing else,
// so remap.js deals their connections to the doors: with two nodes listeners, senders and rendezvous land on either.
func TestOfficialHTTPSSuite(t *testing.T) {
	t.Parallel()
	interop.Need(t, "node", "jest")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		const relay = "a2"
		s.Add(&entity.Entity{Name: relay})
		ports := []string{port(t, s.Listen)}
		if s.Send != s.Listen {
			ports = append(ports, port(t, s.Send))
		}
		root, report := officialSuite(t), filepath.Join(t.TempDir(), "report.json")
		node := interop.Root(t) + "/interop/node"
		interop.Start(t, root, []string{
			"RELAY_PORT=" + strings.Join(ports, ","), "NODE_OPTIONS=--no-deprecation -r " + node + "/remap.js", "NODE_EXTRA_CA_CERTS=" + s.CA,
			"SB_HC_NAMESPACE=localhost", "SB_HC_PATH=" + relay, "SB_HC_KEYRULE=" + s.Rule, "SB_HC_KEY=" + s.Key,
		}, "node", node+"/jest/node_modules/jest/bin/jest.js", "--rootDir", root, "--runInBand", "--forceExit", "--json", "--outputFile", report).Finish(3 * time.Minute)
		var got struct {
			Passed  int `json:"numPassedTests"`
			Total   int `json:"numTotalTests"`
			Suites  int `json:"numPassedTestSuites"`
			Pending int `json:"numPendingTests"`
		}
		b, err := os.ReadFile(report)
		if err == nil {
			err = json.Unmarshal(b, &got)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got.Passed != officialTests || got.Total != officialTests || got.Suites != 4 || got.Pending != 0 {
			t.Errorf("%+v, want %d tests of 4 files", got, officialTests)
		}
	})
}

// officialSuite copies the package out of node_modules, where Jest looks for no tests; what it needs is found by a link.
func officialSuite(t *testing.T) string {
	t.Helper()
	packages := interop.Root(t) + "/interop/node/node_modules"
	dir := filepath.Join(t.TempDir(), "hyco-https")
	err := os.CopyFS(dir, os.DirFS(packages+"/hyco-https"))
	if err == nil {
		err = os.Symlink(packages, filepath.Join(dir, "node_modules"))
	}
	if err != nil {
		t.Fatal(err)
	}
	tests, err := fs.Glob(os.DirFS(dir), "tests/*.test.js")
	if err != nil || len(tests) != 4 {
		t.Fatalf("the package holds the tests %v, %v", tests, err)
	}
	return dir
}

func port(t *testing.T, door string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(door)
	if err != nil {
		t.Fatal(err)
	}
	return port
}
