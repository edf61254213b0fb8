package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bridge/doctor"
)

// putPair writes tls.crt and tls.key that end at a time.
func putPair(t *testing.T, dir string, ends time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(ends.UnixNano()), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: ends,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: der}, "tls.key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// row finds one by its name.
func row(t *testing.T, rows []doctor.Check, name string) doctor.Check {
	t.Helper()
	for _, r := range rows {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("no row %s: %+v", name, rows)
	return doctor.Check{}
}

// TestDoctorConfig breaks a node's settings, doors and certificate one by one, and follows the advice.
func TestDoctorConfig(t *testing.T) {
	w := &ward{t: t, dir: t.TempDir(), ctx: t.Context(), env: map[string]string{"GORACE": "atexit_sleep_ms=0", "CAUSEWAY_NETTCP": "off"}}
	w.env["HOME"], w.env["CAUSEWAY_DATA"] = w.dir, filepath.Join(w.dir, "data")
	w.env["CAUSEWAY_CONNECTION_STRING"], w.env["CAUSEWAY_CONFIG"], w.env["CAUSEWAY_CA_FILE"] = "", "", ""
	file := filepath.Join(w.dir, "causeway.yaml")
	put := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	checks := func() []doctor.Check {
		out, _ := w.command("causeway", "doctor", "--config", file, "-o", "json").Output() // fails when a row has
		var rows []doctor.Check
		if err := json.Unmarshal(out, &rows); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return rows
	}
	good := "https: 127.0.0.1:" + freePort(t) + "\nhttp: off\nadmin: 127.0.0.1:0\ntls: {cert: tls.crt, key: tls.key}\n"
	check := func(name, state string) doctor.Check {
		t.Helper()
		r := row(t, checks(), name)
		if r.State != state || (state == doctor.Failed) == (r.Do == "") {
			t.Fatalf("want %s: %+v", state, r)
		}
		return r
	}
	putPair(t, w.dir, time.Now().AddDate(0, 3, 0))

	put(good + "hots: 1\n")
	advice := check("config", doctor.Failed).Do
	out, _ := w.command("sh", "-c", cut(t, `(causeway config check --config .*)$`, advice)).CombinedOutput()
	if !strings.Contains(string(out), `causeway.yaml:5:1 unknown key "hots"`) {
		t.Errorf("the advice says %s", out)
	}
	put(good)
	check("config", doctor.OK)

	advice = check("door https", doctor.Failed).Do
	check("door http", doctor.Skipped)
	check("door admin", doctor.Skipped)
	if r := check("certificate", doctor.OK); !strings.Contains(r.Detail, "good until") { // of the files, while nobody serves
		t.Errorf("%+v", r)
	}
	w.serve(strings.Fields(strings.TrimPrefix(advice, "causeway serve"))...)
	check("door https", doctor.OK)
	check("certificate", doctor.OK)

	for _, ends := range []time.Time{time.Now().AddDate(0, 0, 5), time.Now().Add(-time.Hour)} {
		putPair(t, w.dir, ends)
		eventuallyT(t, "the new certificate", func() bool { // the node looks once a second
			return row(t, checks(), "certificate").State == doctor.Failed
		})
		if advice := check("certificate", doctor.Failed).Do; !strings.Contains(advice, filepath.Join(w.dir, "tls.crt")) {
			t.Errorf("advice %q", advice)
		}
		putPair(t, w.dir, time.Now().AddDate(0, 3, 0)) // which is what it says
		eventuallyT(t, "the renewed certificate", func() bool {
			return row(t, checks(), "certificate").State == doctor.OK
		})
	}
	out, err := w.command("causeway", "doctor", "--config", file, "-o", "json").Output()
	if err != nil || strings.Contains(string(out), `"dns"`) {
		t.Errorf("%v: %s", err, out)
	}
}
