package bindings_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bindings"
	"github.com/causeway-relay/causeway/gateway/entity"
)

// TestTable: every row is whole, its words are those that the documentation explains, and counterparts name each other.
func TestTable(t *testing.T) {
	words := map[string][]string{
		"transport": {"http", "https", "net.tcp", "net.pipe", "relay"}, "encoder": {"text", "binary", "binary session", "none"},
		"soap": {"1.1", "1.2", "none"}, "addressing": {"1.0", "none"}, "shape": {"stream", "exchange", "cast"},
		"session": {"none", "transport", "reliable (always)", "reliable (optional)"},
	}
	seen := map[string]bool{}
	for _, b := range bindings.All() {
		for what, word := range map[string]string{
			"transport": b.Transport, "encoder": b.Encoder, "soap": b.SOAP, "addressing": b.Addressing, "shape": b.Shape, "session": b.Session,
		} {
			if !slices.Contains(words[what], word) {
				t.Errorf("%s: %s %q", b.Name, what, word)
			}
		}
		if seen[b.Name] || len(b.Schemes) == 0 || b.Security == "" || len(b.Transfer) == 0 || b.Transfer[0] != "Buffered" || !slices.Contains(entity.Kinds(), b.Kind) {
			t.Errorf("%+v", b)
		}
		seen[b.Name] = true
		if (b.SOAP == "none") != (b.Encoder == "none") || (b.Defaults.SessionStrings > 0) != (b.Encoder == "binary session") || b.Defaults.MessageSize != 65536 {
			t.Errorf("%s: SOAP %s, encoder %s, %+v", b.Name, b.SOAP, b.Encoder, b.Defaults)
		}
		if b.Relay == "" {
			continue
		}
		other, ok := bindings.Find(b.Relay)
		if !ok || (b.Transport == "relay") == (other.Transport == "relay") || other.Kind != b.Kind || other.Shape != b.Shape || other.SOAP != b.SOAP {
			t.Errorf("%s and its counterpart %+v", b.Name, other)
		}
	}
}

// TestDefaultsInJSON: times are text, and nothing is there twice.
func TestDefaultsInJSON(t *testing.T) {
	b, _ := bindings.Find("NetTcpBinding")
	got, err := json.Marshal(&b)
	const want = `"defaults":{"open":"1m0s","close":"1m0s","send":"1m0s","receive":"10m0s","messageSize":65536,"depth":32,"stringLength":8192,"arrayLength":16384,"sessionStrings":2048},"note":`
	if err != nil || !strings.Contains(string(got), want) {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

// TestFind: by the class's name or less of it.
func TestFind(t *testing.T) {
	for _, name := range []string{"NetTcpBinding", "nettcp", "NETTCPBINDING"} {
		if b, ok := bindings.Find(name); !ok || b.Name != "NetTcpBinding" {
			t.Errorf("%s: %v", name, b.Name)
		}
	}
	for _, name := range []string{"", "Binding", "net"} {
		if b, ok := bindings.Find(name); ok {
			t.Errorf("%q: %v", name, b.Name)
		}
	}
	list := bindings.All()
	list[0].Name = "changed"
	if bindings.All()[0].Name == "changed" {
		t.Error("the table can be changed")
	}
}

// Example looks up what a NetTcpBinding needs of a gateway.
func Example() {
	b, _ := bindings.Find("NetTcpBinding")
	fmt.Println(b.Shape, b.Kind, b.Encoder, b.Defaults.MessageSize)
	// Output: stream nettcp binary session 65536
}
