package config

import (
	_ "embed" // the sample is generated from the structs
	"fmt"
	"strings"
)

// sampleHost stands in sample.yaml where the operator's own host name belongs.
const sampleHost = "relay.example.com"

//go:embed sample.yaml
var sample string

// Sample is a causeway.yaml for production with every key in it, those that may stay away as comments. host is the name
// under which clients will reach the gateway; "" leaves a placeholder.
func Sample(host string) ([]byte, error) {
	if host == "" {
		host = sampleHost
	}
	s := scalars()["host"]
	if !s.class.right(s, host) || strings.Contains(host, ":") {
		return nil, fmt.Errorf("write a sample: the host is not valid: expected %s", s.class.expect(s))
	}
	text := sample
	if !isPublicName(nil, host) { // no authority can confirm it: the local CA's certificate has to do
		text = strings.NewReplacer("\n  acme:\n", "\n  # acme:\n", "\n    hosts: [", "\n    # hosts: [").Replace(text)
	}
	return []byte(strings.ReplaceAll(text, sampleHost, host)), nil
}
