package descriptions

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const service = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema"
 xmlns:t="urn:t" targetNamespace="urn:t"><types><x:schema targetNamespace="urn:t"><x:include schemaLocation="LOCATION"/></x:schema></types>
<message name="In"><part name="p" element="t:Ask"/></message>
<portType name="P"><operation name="Say"><input message="t:In"/></operation></portType>
<binding name="B" type="t:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="Say"><s:operation soapAction="a"/>
<input><s:body use="literal"/></input></operation></binding>
<service name="S"><port name="Port" binding="t:B"><s:address location="http://h/"/></port></service></definitions>`

const schema = `<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t"><x:element name="Ask" type="x:string"/></x:schema>`

// runGo runs the command and gives what it printed.
func runGo(t *testing.T, args ...string) (said string, err error) {
	t.Helper()
	cmd := newGo()
	var out bytes.Buffer
	cmd.SetArgs(append(args, "--out", filepath.Join(t.TempDir(), "out")))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err = cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// files writes a description that includes what lies at location, and a schema above its folder and beside it.
func files(t *testing.T, location string) (main string) {
	t.Helper()
	dir := t.TempDir()
	main = filepath.Join(dir, "in", "service.wsdl")
	for name, text := range map[string]string{
		main: strings.Replace(service, "LOCATION", location, 1), filepath.Join(dir, "above.xsd"): schema, filepath.Join(dir, "in", "a b.xsd"): schema,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return main
}

// TestNoFile: who names a file that is not there learns what may be named.
func TestNoFile(t *testing.T) {
	if _, err := runGo(t, filepath.Join(t.TempDir(), "nosuch.wsdl")); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "a folder that holds one file *.wsdl") {
		t.Error(err)
	}
}

// TestFiles: documents are read below one folder.
func TestFiles(t *testing.T) {
	if said, err := runGo(t, files(t, "a%20b.xsd")); err != nil || !strings.Contains(said, "1 operations, 0 lost") {
		t.Errorf("beside it: %s %v", said, err)
	}
	if said, _ := runGo(t, files(t, "../above.xsd")); !strings.Contains(said, "--root") {
		t.Errorf("above it: %s", said)
	}
	main := files(t, "../above.xsd")
	if said, err := runGo(t, "--root", filepath.Dir(filepath.Dir(main)), main); err != nil || !strings.Contains(said, "1 operations, 0 lost") {
		t.Errorf("above it, with --root: %s %v", said, err)
	}
}

// TestFetch: URLs are fetched where that was asked for, and not from inside.
func TestFetch(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path == "/service" {
			_, _ = io.WriteString(w, strings.Replace(service, "LOCATION", "schema.xsd", 1))
			return
		}
		_, _ = io.WriteString(w, schema)
	}))
	defer server.Close()
	if said, _ := runGo(t, files(t, server.URL+"/schema.xsd")); asked > 0 || !strings.Contains(said, "allow fetching") {
		t.Errorf("not asked for: %d requests, %s", asked, said)
	}
	if said, _ := runGo(t, "--fetch", files(t, server.URL+"/schema.xsd")); asked > 0 || !strings.Contains(said, "internal address") {
		t.Errorf("internal: %d requests, %s", asked, said)
	}
	if said, err := runGo(t, "--fetch-internal", files(t, server.URL+"/schema.xsd")); err != nil || asked != 1 || !strings.Contains(said, "1 operations, 0 lost") {
		t.Errorf("internal, allowed: %d requests, %s %v", asked, said, err)
	}
	if said, err := runGo(t, server.URL+"/service?wsdl"); err != nil || asked != 3 || !strings.Contains(said, "1 operations, 0 lost") {
		t.Errorf("by name: %d requests, %s %v", asked, said, err)
	}
	main := files(t, server.URL+"/other.xsd")
	catalog := filepath.Join(filepath.Dir(main), "catalog")
	if err := os.WriteFile(catalog, []byte("# comment\n"+server.URL+"/other.xsd ../above.xsd\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := runGo(t, "--catalog", catalog, main); err != nil || asked != 3 || !strings.Contains(said, "1 operations, 0 lost") {
		t.Errorf("catalogue: %d requests, %s %v", asked, said, err)
	}
}

// TestForeignFile: a file that the command did not write is left alone.
func TestForeignFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "types.go"), []byte("package mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := writePackage(dir, map[string][]byte{"types.go": []byte("x")}); err == nil || !strings.Contains(err.Error(), "--out") {
		t.Errorf("%v", err)
	}
}

// TestTrust: a description behind a gateway is read by whom the gateway's clients trust.
func TestTrust(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<definitions/>") }))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // of handshakes that are given up
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	read := func() error {
		s, at, err := newSource(t.Context(), server.URL+"/a?wsdl", "", io.Discard)
		if err != nil {
			return err
		}
		defer s.close()
		_, _, err = s.Open("", at)
		return err
	}
	for _, c := range []struct{ name, file, data, want string }{
		{"nobody", "", t.TempDir(), "certificate"}, {"the file of the variable", ca, t.TempDir(), ""}, {"the local CA", "", filepath.Dir(ca), ""},
		{"no such file", ca + "2", t.TempDir(), "CA file: "}, {"a file without any", empty, t.TempDir(), "mend CAUSEWAY_CA_FILE"},
	} {
		t.Setenv("CAUSEWAY_CA_FILE", c.file)
		t.Setenv("CAUSEWAY_DATA", c.data)
		if err := read(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	node := filepath.Join(t.TempDir(), "causeway.yaml")
	if err := os.WriteFile(node, fmt.Appendf(nil, "data: %q\n", filepath.Dir(ca)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CAUSEWAY_CA_FILE", "")
	t.Setenv("CAUSEWAY_DATA", "")
	t.Setenv("CAUSEWAY_CONFIG", node)
	if err := read(); err != nil {
		t.Errorf("the local CA of the node whose file is named: %v", err)
	}
}
