package connect

import (
	"net/url"
	"testing"
)

// TestMoveVia: the service's address stands in the place of the relay's, what is behind it stays.
func TestMoveVia(t *testing.T) {
	at, err := url.Parse("net.tcp://10.0.0.7:808/Calc/Service.svc/")
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct{ relay, via, want string }{
		{"calc", "net.tcp://relay:9808/calc", "net.tcp://10.0.0.7:808/Calc/Service.svc"},
		{"calc", "net.tcp://relay:9808/CALC/x/y?z=1", "net.tcp://10.0.0.7:808/Calc/Service.svc/x/y?z=1"},
		{"plant/line 1", "net.tcp://relay/plant/line%201/mex", "net.tcp://10.0.0.7:808/Calc/Service.svc/mex"},
		{"calc", "net.tcp://relay/calculator", "net.tcp://relay/calculator"},
		{"calc", "net.tcp://relay/other", "net.tcp://relay/other"},
		{"calc", "net.tcp://relay", "net.tcp://relay"},
		{"calc", "http://relay/calc", "http://relay/calc"},
		{"calc", "net.tcp://[::1", "net.tcp://[::1"},
	}
	for _, row := range rows {
		if got := moveVia(row.via, row.relay, at); got != row.want {
			t.Errorf("%s of %s: %s, want %s", row.via, row.relay, got, row.want)
		}
	}
}
