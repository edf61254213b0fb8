package hybrid

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/interop"
)

// TestServe: a process of the real binary, of which the clients know the ready file and nothing else.
func TestServe(t *testing.T) {
	interop.Need(t, "node")
	dir := t.TempDir()
	file := filepath.Join(dir, "ready.json")
	node := causeway(t, "serve", "--data", filepath.Join(dir, "data"), "--https", "127.0.0.1:0", "--http", "off", "--admin", "127.0.0.1:0", "--ready-file", file)
	node.Await(`msg=ready`)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var ready gateway.Ready
	if err := json.Unmarshal(text, &ready); err != nil {
		t.Fatal(err)
	}
	causeway(t, "relay", "create", interop.Hyco, "--connection-string", ready.ConnectionString, "--ca-file", ready.CAFile).Finish(interop.Patience)
	s := interop.NewStand(t, ready, ready)
	published(t, s)

	listener := talk(t, s)
	s.Node(t, s.Sender(interop.Hyco), "talk-volume.js", "sizes", "0", "1", "125", "126", "65535", "65536", "1048576").Finish(interop.Patience)
	s.Node(t, s.Sender(interop.Hyco), "talk-volume.js", "concurrent", "200").Finish(2 * time.Minute)

	node.Signal(os.Interrupt)
	node.Finish(interop.Patience)
	listener.Await(`^listener error: `) // and it dials again, as the library does
}
