package capture

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEveryMessage: every recorded message with an envelope can be read, and is after the way through a relay what it was,
// but for the tracking header; what stands behind the header block is the same bytes.
func TestEveryMessage(t *testing.T) {
	count := map[string]int{}
	for _, stack := range []string{"mono", "dotnet"} {
		for _, c := range Load(t, stack) {
			for i, ex := range c.Exchanges {
				for side, m := range map[string]Message{"request": ex.Request, "answer": ex.Answer} {
					if !m.IsSOAP() || stack == "mono" && side == "request" && c.Name == "built-http-mtom-answer" {
						continue // no envelope; or Mono's MTOM, whose HTTP head has no boundary
					}
					count[stack]++
					relayed := m.Relayed(t, "", "")
					if bytes.Equal(relayed.Body, m.Body) {
						t.Errorf("%s %s %d: nothing was rewritten", c.Name, side, i+1)
					}
					if diff := cmp.Diff(m.Canonical(t), relayed.Canonical(t)); diff != "" {
						t.Errorf("%s %s %d (-recorded +relayed):\n%s", c.Name, side, i+1, diff)
					}
					if body := []byte(":Body"); m.Header.Get("Content-Encoding") == "" && bytes.Contains(m.Body, body) {
						_, was, _ := bytes.Cut(m.Body, body)
						if !bytes.HasSuffix(relayed.Body, was) {
							t.Errorf("%s %s %d: the body is another one", c.Name, side, i+1)
						}
					}
				}
			}
		}
	}
	if count["mono"] < 120 || count["dotnet"] < 150 {
		t.Error("few messages:", count)
	}
	t.Log(count)
}
