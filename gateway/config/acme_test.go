package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestACME: what an authority is asked for, with the defaults, relative paths from the file's folder.
func TestACME(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "causeway.yaml")
	for name, text := range map[string]string{
		"ca.pem": "pem", "causeway.yaml": "tls: {acme: {email: a@b.example, caFile: ca.pem, hosts: [relay.example.com, Two.Example.Com]}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, problems := Load(Params{File: file, Env: []string{"CAUSEWAY_TLS_ACME_EMAIL=b@b.example"}})
	if problems != nil {
		t.Fatal(problems)
	}
	want := ACME{
		Email: "b@b.example", Directory: "https://acme-v02.api.letsencrypt.org/directory", CAFile: filepath.Join(dir, "ca.pem"),
		Hosts: []string{"relay.example.com", "Two.Example.Com"},
	}
	if diff := cmp.Diff(want, c.TLS.ACME); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if hosts := Default().TLS.ACME.Hosts; hosts != nil {
		t.Errorf("by default %v are asked for", hosts)
	}
}

func TestACMEProblems(t *testing.T) {
	for file, want := range map[string]string{
		"tls: {acme: {email: a}}":                              `causeway.yaml:1:21 tls.acme.email: expected an address such as admin@example.com`,
		"tls: {acme: {email: a@b.example}}":                    `causeway.yaml:1:21 tls.acme.email: expected tls.acme.hosts beside it: without hosts no authority is asked`,
		"tls: {acme: {email: 'a@b.example,c@d.example'}}":      `causeway.yaml:1:21 tls.acme.email: expected an address such as admin@example.com`,
		"tls: {acme: {directory: 'http://a'}}":                 `causeway.yaml:1:25 tls.acme.directory: expected an address that begins with https://`,
		"tls: {acme: {hosts: [127.0.0.1]}}":                    `causeway.yaml:1:22 tls.acme.hosts[0]: expected a DNS name with a dot, no address, no wildcard and nothing below localhost`,
		"tls: {acme: {hosts: [relay.localhost]}}":              `causeway.yaml:1:22 tls.acme.hosts[0]: expected a DNS name with a dot, no address, no wildcard and nothing below localhost`,
		"tls: {acme: {hosts: ['*.example.com']}}":              `causeway.yaml:1:22 tls.acme.hosts[0]: expected a DNS name with a dot, no address, no wildcard and nothing below localhost`,
		"https: off\ntls: {acme: {hosts: [a.example]}}":        `causeway.yaml:2:21 tls.acme.hosts: the https door is off, and only it needs a certificate; open it or take tls.acme out`,
		"tls: {acme: {caFile: /nowhere, hosts: [a.example]}}":  `causeway.yaml:1:22 tls.acme.caFile: the file does not exist`,
		"tls: {cert: /a, key: /b, acme: {hosts: [a.example]}}": "causeway.yaml:1:13 tls.cert: the certificate comes from files or by tls.acme; keep one of them\ncauseway.yaml:1:13 tls.cert: the file does not exist\ncauseway.yaml:1:22 tls.key: the file does not exist",
	} {
		_, problems := load(t, file+"\n", nil, nil)
		if diff := cmp.Diff(want, problems.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}
