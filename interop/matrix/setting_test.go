package matrix

import (
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// What this file does: the stories of matrix_test.go with connectors that know nothing of bindings. The relay's setting has the gateway
// convert: bytes come to the service of net.tcp, requests to that of HTTP.

// bySetting stands behind the rows of these stories.
const bySetting = ", the relay's setting"

// TestSettingSOAPClientsAtNetTCP: clients of SOAP 1.1 over HTTP call a service of net.tcp behind a listener of plain bytes.
func TestSettingSOAPClientsAtNetTCP(t *testing.T) {
	t.Parallel()
	soapAtNetTCP(t, way{
		note: bySetting, prefix: "set-",
		setting: func(service string) entity.Conversion {
			return entity.Conversion{Binding: "netTcp", Address: service, OneWay: []string{oneWay}}
		},
		words: func(service string) []string { return []string{"--target", "tcp://" + host(service)} },
	})
}

// TestSettingNetTCPClientAtSOAP: Mono's client of net.tcp calls services of SOAP 1.1 over HTTP behind a listener of plain HTTP.
func TestSettingNetTCPClientAtSOAP(t *testing.T) {
	t.Parallel()
	netTCPAtSOAP(t, way{
		note: bySetting, prefix: "set-",
		setting: func(string) entity.Conversion { return entity.Conversion{Binding: "basicHttp"} },
		words:   func(service string) []string { return []string{"--target", service} },
	})
}
