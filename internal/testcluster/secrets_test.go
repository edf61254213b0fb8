package testcluster_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// probe is a test that may fail: what a cluster says to it is kept.
type probe struct {
	testing.TB
	cleanups []func()
	failures []string
}

func (p *probe) Cleanup(f func()) { p.cleanups = append(p.cleanups, f) }

func (p *probe) Errorf(format string, args ...any) {
	p.failures = append(p.failures, fmt.Sprintf(format, args...))
}

func (p *probe) end() {
	for len(p.cleanups) > 0 {
		last := len(p.cleanups) - 1
		f := p.cleanups[last]
		p.cleanups = p.cleanups[:last]
		f()
	}
}

// TestGrepBites leaks on purpose, each time in another form and at another place: the cluster fails its test each time, and
// does not without a leak.
func TestGrepBites(t *testing.T) {
	const audience = "http://localhost/hyco"
	later := time.Now().Add(time.Hour)
	sas := func(c *testcluster.Cluster) string { return c.Token(c.Root(), audience, later) }
	sig := func(c *testcluster.Cluster) string {
		fields, _ := url.ParseQuery(strings.TrimPrefix(sas(c), "SharedAccessSignature "))
		return fields.Get("sig")
	}
	key := func(c *testcluster.Cluster) string { return string(c.Root().Primary) }
	lower := func(s string) string {
		return strings.NewReplacer("%2B", "%2b", "%2F", "%2f", "%3D", "%3d", "%3A", "%3a").Replace(s)
	}
	rows := []struct {
		name string
		leak func(c *testcluster.Cluster) string
		want string // of the failure
	}{
		{"nothing", func(*testcluster.Cluster) string { return "nothing of interest, sig=short" }, ""},
		{"token", sas, "a token as it is"},
		{"token in a query", func(c *testcluster.Cluster) string { return "/hyco?sb-hc-token=" + url.QueryEscape(sas(c)) }, "a token URL-encoded"},
		{"token with %20", func(c *testcluster.Cluster) string { return strings.ReplaceAll(url.QueryEscape(sas(c)), "+", "%20") }, "a token URL-encoded"},
		{"token in lower hex", func(c *testcluster.Cluster) string { return lower(url.QueryEscape(url.QueryEscape(sas(c)))) }, "a token URL-encoded in lower case"},
		{"token in base64", func(c *testcluster.Cluster) string {
			return base64.StdEncoding.EncodeToString([]byte("user:" + sas(c)))
		}, "a token in base64"},
		{"signature", sig, "a signature as it is"},
		{"signature encoded", func(c *testcluster.Cluster) string { return url.QueryEscape(sig(c)) }, "a signature URL-encoded"},
		{"cut signature", func(c *testcluster.Cluster) string { return sig(c)[:20] + "..." }, "a signature cut short"},
		{"key", key, "a key as it is"},
		{"secondary key", func(c *testcluster.Cluster) string { return string(c.Root().Secondary) }, "a key as it is"},
		{"key in base64", func(c *testcluster.Cluster) string {
			return base64.StdEncoding.EncodeToString([]byte("RootManageSharedAccessKey:" + key(c)))
		}, "a key in base64"},
		{"key in base64 for URLs", func(c *testcluster.Cluster) string { return base64.RawURLEncoding.EncodeToString([]byte(key(c))) }, "a key in base64"},
		{"cut key", func(c *testcluster.Cluster) string { return key(c)[:17] }, "a key cut short"},
		{"key of an entity that is gone", func(c *testcluster.Cluster) string {
			e := c.Add(&entity.Entity{Name: "gone", Rules: []entity.Rule{entity.NewRule("r", entity.Send)}})
			if err := c.Store().Delete(t.Context(), e.At, e.Revision); err != nil {
				t.Fatal(err)
			}
			return string(e.Rules[0].Secondary)
		}, "a key as it is"},
		{"admin token", func(c *testcluster.Cluster) string { return c.AdminToken() }, "the admin door's token"},
		{"a stranger's token", func(*testcluster.Cluster) string {
			return wire.Sign(audience, "other", "another-key-of-nobody-here", later)
		}, "what looks like a signature"},
		{"a stranger's key", func(*testcluster.Cluster) string {
			return "Endpoint=sb://h/;SharedAccessKeyName=r;SharedAccessKey=" + string(entity.NewKey())
		}, "what looks like a signature or key"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for _, place := range []string{"log", "answer"} {
				p := &probe{TB: t}
				c := testcluster.New(p, 1)
				if text := row.leak(c); place == "log" {
					c.Logger().Debug("something happened", "cause", text)
				} else {
					c.Saw("an answer", []byte(text))
				}
				p.end()
				check(t, place, p.failures, row.want)
			}
		})
	}
}

func check(t *testing.T, place string, failures []string, want string) {
	t.Helper()
	all := strings.Join(failures, "\n")
	switch {
	case want == "" && all != "":
		t.Errorf("%s: failed without a leak: %s", place, all)
	case want != "" && !strings.Contains(all, want):
		t.Errorf("%s: the leak was not found: %q does not have %q", place, all, want)
	}
}

// TestGrepMetrics: a secret in a label is found too.
func TestGrepMetrics(t *testing.T) {
	p := &probe{TB: t}
	c := testcluster.New(p, 1)
	c.Secret("a metric", "causeway_certificate_expiry_seconds")
	p.end()
	check(t, "metrics", p.failures, "the metrics of node 1 has a metric")
}

// TestKeysOfTheFile: keys that the configuration brings are secrets from the first line of the log on.
func TestKeysOfTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	const key = "a-key-that-the-operator-made"
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &probe{TB: t}
	c := testcluster.New(p, 1, testcluster.WithConfig(func(_ int, cfg *config.Config) {
		cfg.Entities = []config.Entity{{Name: "x", Kind: "hybrid", Rules: []config.Rule{{
			Name: "r", Rights: []string{"Send"}, PrimaryKey: config.NewSecret(key),
		}}}}
	}))
	c.Saw("an answer", []byte("the key is "+key))
	p.end()
	check(t, "answer", p.failures, "a key as it is")
}
