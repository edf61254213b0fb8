package watch

import (
	"testing"

	"github.com/causeway-relay/causeway/gateway/config"
)

func TestDoorAddress(t *testing.T) {
	for address, want := range map[string]string{
		":443": "127.0.0.1:443", "0.0.0.0:1": "127.0.0.1:1", "[::]:1": "[::1]:1", "192.0.2.1:5": "192.0.2.1:5", "127.0.0.1:0": "", config.Off: "",
	} {
		if got := doorAddress(address); got != want {
			t.Errorf("%s gives %q, want %q", address, got, want)
		}
	}
}
