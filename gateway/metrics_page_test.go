package gateway

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/causeway-relay/causeway/gateway/config"
)

//go:generate go test -run ^TestMetricsPage$ -update .

var update = flag.Bool("update", false, "write the generated page")

const metricsHead = `# Metrics

<!-- Generated from gateway/metrics.go by go generate ./gateway. Do not edit. -->

The admin door serves them at ` + "`/metrics`" + ` in Prometheus' text form, to who may manage: by the admin door's token (` + "`admin.token`" + ` in the data folder, as
bearer) or a relay token with Manage. Each node tells of itself; sum over nodes for the whole gateway.

` + "```yaml" + `
scrape_configs:
  - job_name: causeway
    authorization: {credentials_file: /etc/prometheus/causeway-admin.token}
    static_configs: [{targets: ["127.0.0.1:9090"]}]
` + "```" + `

| metric | kind | labels | |
|---|---|---|---|
`

const metricsFoot = `
Beside these there are the Go runtime's (` + "`go_...`" + `) and the process's (` + "`process_...`" + `).

| label | values |
|---|---|
| ` + "`door`" + ` | https, http, nettcp, tcp: where the party came in; api: the management API, in ` + "`causeway_refused_total`" + ` |
| ` + "`shape`" + ` | stream, exchange, cast, listener, rendezvous |
| ` + "`status`" + ` | 2xx, 3xx, 4xx, 5xx: the class of a listener's answer |
| ` + "`reason`" + ` | a code of [errors.md](errors.md) |
| ` + "`kind`" + ` | the kind of the relay: hybrid, nettcp, http, oneway, event |
| ` + "`outcome`" + ` | of offers accepted, rejected, ignored (its time was over); of messages delivered or a code |
| ` + "`action`" + ` | an action that a service has taken, as long as there are fewer than 200; then other |
| ` + "`direction`" + ` | in: from the sender to the listener; out: the other way |
| ` + "`stage`" + ` | admit, resolve, offer, meet, first: the stations of the road, up to the first byte; of an exchange meet is the head of the answer |
| ` + "`state`" + ` | online, slow, deaf, gone: see [presence.md](presence.md) |
| ` + "`entity`" + ` | only with ` + "`metrics.perEntity`" + `: the relay's name for the first 1,000, then other |
`

// someCertificate has an end.
type someCertificate struct{}

func (someCertificate) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return nil, errors.New("nobody asks")
}
func (someCertificate) NotAfter() time.Time { return time.Time{} }

// TestMetricsPage: docs/metrics.md has every metric that a node can have, with its labels, and no other.
func TestMetricsPage(t *testing.T) {
	cfg := config.Default()
	cfg.Metrics.PerEntity = true
	m := newMeter(&Gateway{cfg: cfg, certs: someCertificate{}})
	want := metricsHead + strings.Join(metricRows(t, m), "") + metricsFoot
	const page = "../docs/metrics.md"
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatalf("%v; run go generate ./gateway", err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/metrics.md is stale; run go generate ./gateway (-want +got):\n%s", diff)
	}
	if !strings.Contains(want, "causeway_entity_bytes_total") || !strings.Contains(want, "causeway_certificate_expiry_seconds") {
		t.Error("the page lacks what only some nodes have")
	}
}

// described reads what the library tells of a metric, which it gives as a text only.
var described = regexp.MustCompile(`^Desc\{fqName: "(.*?)", help: "((?:[^"\\]|\\.)*)"(?:, unit: "[^"]*")?, constLabels: \{(.*?)\}, variableLabels: \{(.*?)\}\}$`)

// metricRows makes one row of each metric, whether it has a value yet or not.
func metricRows(t *testing.T, m *meter) []string {
	t.Helper()
	histogram := make(chan *prometheus.Desc, 1)
	m.stages.Describe(histogram)
	isHistogram := (<-histogram).String()
	descs := make(chan *prometheus.Desc, 1000)
	m.registry.Describe(descs)
	close(descs)
	var rows []string
	for d := range descs {
		found := described.FindStringSubmatch(d.String())
		if found == nil {
			t.Fatalf("cannot read %s", d)
		}
		name, help := found[1], found[2]
		if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
			continue
		}
		kind := "gauge"
		switch {
		case d.String() == isHistogram:
			kind = "histogram"
		case strings.HasSuffix(name, "_total"):
			kind = "counter"
		}
		row := fmt.Sprintf("| %#q | %s | %s | %s |\n", name, kind, labelsOf(found[3], found[4]), help)
		if !slices.Contains(rows, row) { // one metric may be made of several with fixed labels
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	return rows
}

// labelsOf lists the names of fixed and variable labels.
func labelsOf(fixed, variable string) string {
	var names []string
	for _, one := range strings.FieldsFunc(fixed+","+variable, func(r rune) bool { return r == ',' }) {
		name, _, _ := strings.Cut(one, "=")
		names = append(names, "`"+name+"`")
	}
	return strings.Join(names, ", ")
}
