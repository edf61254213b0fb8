package descriptions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/wsdl/describe"
	"github.com/causeway-relay/causeway/wsdl/diff"
	"github.com/causeway-relay/causeway/wsdl/sample"
)

// run runs a command of the group and gives what it printed.
func run(t *testing.T, args ...string) (out, said string, err error) {
	t.Helper()
	cmd := NewWSDL()
	var stdout, stderr bytes.Buffer
	cmd.SetArgs(args)
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

// write writes a description into a folder of its own.
func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "service.wsdl")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// whole is a service without a fault; broken has an operation that nobody can call.
var (
	whole  = strings.Replace(service, `<x:include schemaLocation="LOCATION"/>`, `<x:element name="Ask" type="x:string"/>`, 1)
	broken = strings.Replace(whole, `<message name="In">`, `<message name="Out">`, 1)
)

// TestCheck: problems have places that an editor finds, and the exit code says whether something is lost.
func TestCheck(t *testing.T) {
	good, bad := write(t, whole), write(t, broken)
	out, _, err := run(t, "check", good)
	if err != nil || !strings.Contains(out, "1 operation can be called, 0 lost; 0 errors, 0 warnings, 0 notes") {
		t.Errorf("whole: %v %s", err, out)
	}
	out, _, err = run(t, "check", bad)
	if err == nil || !strings.Contains(out, bad+":4:") || !strings.Contains(out, "[NoMessage]") || !strings.Contains(out, "operation Say of binding B: lost: its input has no message") {
		t.Errorf("broken: %v %s", err, out)
	}
	out, _, err = run(t, "check", "-o", "json", bad)
	var v verdict
	if json.Unmarshal([]byte(out), &v) != nil || err == nil || len(v.Lost) != 1 || v.Lost[0].File != bad || v.Lost[0].Operation != "Say" || v.Operations != 0 || v.Errors != 1 ||
		len(v.Problems) == 0 || v.Problems[0].File != bad || v.Problems[0].Line != 4 || v.Problems[0].Remedy == "" {
		t.Errorf("JSON: %v %s", err, out)
	}
	warned := write(t, strings.Replace(whole, ` location="http://h/"`, "", 1))
	if _, _, err := run(t, "check", warned); err != nil {
		t.Errorf("a warning ends in %v", err)
	}
	if _, _, err := run(t, "check", "--strict", warned); err == nil {
		t.Error("--strict passes a warning")
	}
	noted := write(t, strings.Replace(whole, `<s:operation soapAction="a"/>`, "", 1))
	if out, _, _ := run(t, "check", noted); strings.Contains(out, "NoAction") || !strings.Contains(out, "--notes shows them") {
		t.Errorf("notes unasked: %s", out)
	}
	if out, _, _ := run(t, "check", "--notes", noted); !strings.Contains(out, "[NoAction]") {
		t.Errorf("--notes: %s", out)
	}
}

// TestDescribe: a tree for people, an outline for programs, and no byte that moves a terminal.
func TestDescribe(t *testing.T) {
	file := write(t, strings.Replace(whole, `name="Ask" type="x:string"`, "name=\"Ask\" type=\"x:string\" default=\"&#155;31m\"", 1))
	out, _, err := run(t, "describe", file)
	if err != nil || !strings.Contains(out, "service S  urn:t\n└─ port Port  SOAP 1.1  document/literal  http://h/\n   └─ Say  one-way  action a\n      └─ request  Ask  xs:string") {
		t.Errorf("%v\n%s", err, out)
	}
	if strings.ContainsRune(out, '\u009b') {
		t.Errorf("a control character is in %q", out)
	}
	out, _, err = run(t, "describe", "-o", "json", file)
	var o describe.Outline
	if json.Unmarshal([]byte(out), &o) != nil || err != nil || len(o.Services) != 1 || o.Services[0].Ports[0].Operations[0].Input.Parts[0].Element != "{urn:t}Ask" {
		t.Errorf("JSON: %v %s", err, out)
	}
	if out, _, _ := run(t, "describe", "--short", file); strings.Contains(out, "xs:string") {
		t.Errorf("--short: %s", out)
	}
}

// TestSample: messages as they go over HTTP, one alone, and what to say next where there is no such operation.
func TestSample(t *testing.T) {
	file := write(t, whole)
	out, _, err := run(t, "sample", file, "Say")
	if err != nil || !strings.HasPrefix(out, "POST http://h/ HTTP/1.1\nContent-Type: text/xml; charset=utf-8\nSOAPAction: \"a\"\n\n<?xml") || !strings.Contains(out, "<ns1:Ask>text</ns1:Ask>") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, _, err := run(t, "sample", file, "Say", "--only", "request"); err != nil || !strings.HasPrefix(out, "<?xml") {
		t.Errorf("--only: %v %s", err, out)
	}
	var s sample.Sample
	if out, _, err := run(t, "sample", file, "Say", "-o", "json"); err != nil || json.Unmarshal([]byte(out), &s) != nil || s.Request == nil || s.Response != nil || s.Port != "Port" {
		t.Errorf("JSON: %v %s", err, out)
	}
	if out, _, err := run(t, "sample", file); err != nil || !strings.Contains(out, "Say") || !strings.Contains(out, "SOAP 1.1") {
		t.Errorf("list: %v %s", err, out)
	}
	for want, args := range map[string][]string{
		"operations are Say": {"sample", file, "Gone"}, "ports are Port": {"sample", file, "Say", "--port", "Gone"},
		"it has request": {"sample", file, "Say", "--only", "response"}, "opposite things": {"sample", file, "Say", "--full", "--minimal"},
	} {
		_, said, err := run(t, args...)
		if err == nil || !strings.Contains(said+err.Error(), want) {
			t.Errorf("%q: %v %s", args, err, said)
		}
	}
}

// TestDiff: the exit code says whether a caller breaks.
func TestDiff(t *testing.T) {
	before := write(t, whole)
	moved := write(t, strings.Replace(whole, "http://h/", "http://i/", 1))
	other := write(t, strings.Replace(whole, `name="Ask" type="x:string"`, `name="Ask" type="x:int"`, 1))
	if out, _, err := run(t, "diff", before, before); err != nil || out != "0 breaking, 0 compatible changes\n" {
		t.Errorf("same: %v %s", err, out)
	}
	if out, _, err := run(t, "diff", before, moved); err != nil || !strings.Contains(out, "compatible: port {urn:t}S / Port: the address changed") {
		t.Errorf("moved: %v %s", err, out)
	}
	if out, _, err := run(t, "diff", "--breaking", before, moved); err != nil || strings.Contains(out, "address") {
		t.Errorf("moved, --breaking: %v %s", err, out)
	}
	out, _, err := run(t, "diff", "-o", "json", before, other)
	var r diff.Report
	if err == nil || json.Unmarshal([]byte(out), &r) != nil || r.Breaking != 1 || r.Changes[0].New != "xs:int" {
		t.Errorf("other type: %v %s", err, out)
	}
}

// TestBundle: one file comes out, and it says what it is of.
func TestBundle(t *testing.T) {
	main := files(t, "a%20b.xsd")
	out, said, err := run(t, "bundle", main)
	if err != nil || said != "" || strings.Contains(out, "schemaLocation") || !strings.Contains(out, `name="Ask"`) {
		t.Errorf("%v %s %s", err, said, out)
	}
	file := filepath.Join(t.TempDir(), "one.wsdl")
	var b bundled
	out, _, err = run(t, "bundle", "--out", file, "-o", "json", main)
	text, readErr := os.ReadFile(file)
	if err != nil || readErr != nil || json.Unmarshal([]byte(out), &b) != nil || b.Bytes != len(text) || len(b.From) != 2 {
		t.Errorf("%v %v %s", err, readErr, out)
	}
	if _, _, err := run(t, "bundle", "-o", "json", main); err == nil || !strings.Contains(err.Error(), "--out") {
		t.Errorf("JSON without a file: %v", err)
	}
	if _, _, err := run(t, "check", "--strict", file); err != nil {
		t.Errorf("the bundle: %v", err)
	}
}

// TestLostInGo: an operation that the reader could not keep is exit code 1 of `wsdl go` too.
func TestLostInGo(t *testing.T) {
	said, err := runGo(t, write(t, broken))
	if err == nil || !strings.Contains(said, "0 operations, 1 lost") || !strings.Contains(said, "operation Say of binding B: lost") {
		t.Errorf("%v %s", err, said)
	}
}

// TestEmbedded: schemas of a served description are at addresses beside it that differ in the query alone.
func TestEmbedded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.RawQuery {
		case "wsdl":
			_, _ = io.WriteString(w, strings.Replace(service, "LOCATION", "?xsd=xsd0", 1))
		case "xsd=xsd0":
			_, _ = io.WriteString(w, `<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t"><x:include schemaLocation="`+"http://"+r.Host+`/deep/service?xsd=xsd1"/><x:include schemaLocation="?xsd=xsd0"/></x:schema>`)
		case "xsd=xsd1":
			_, _ = io.WriteString(w, schema)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	if out, _, err := run(t, "check", "--strict", server.URL+"/deep/service?wsdl"); err != nil || !strings.Contains(out, "1 operation can be called") {
		t.Errorf("%v %s", err, out)
	}
	if out, _, err := run(t, "check", server.URL+"/deep/service"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("not there: %v %s", err, out)
	}
}

// TestRefused: a description cannot make the command read a file that is not below its folder, whatever it calls it.
func TestRefused(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret.xsd")
	if err := os.WriteFile(secret, []byte(schema), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, location := range []string{"file://" + secret, secret, "..%2f..%2fsecret.xsd", "http://169.254.169.254/x", "gopher://h/x", `\\host\share\x.xsd`, "ftp://h/x"} {
		out, said, _ := run(t, "check", "--fetch", files(t, location))
		if !strings.Contains(out+said, "DanglingReference") || strings.Contains(out, "0 warnings") {
			t.Errorf("%s was read: %s %s", location, out, said)
		}
	}
	link := files(t, "link.xsd")
	if err := os.Symlink(secret, filepath.Join(filepath.Dir(link), "link.xsd")); err != nil {
		t.Fatal(err)
	}
	if out, _, _ := run(t, "check", link); !strings.Contains(out, "CannotRead") {
		t.Errorf("a link out of the folder was followed: %s", out)
	}
}

// TestInside: addresses that must not be asked, in every spelling.
func TestInside(t *testing.T) {
	for text, want := range map[string]bool{
		"127.0.0.1": true, "10.1.2.3": true, "172.16.0.1": true, "192.168.1.1": true, "169.254.169.254": true, "0.0.0.0": true, "0.1.2.3": true,
		"100.64.0.1": true, "100.127.255.255": true, "192.0.0.1": true, "198.18.0.1": true, "198.19.255.255": true, "224.0.0.1": true, "240.0.0.1": true, "255.255.255.255": true,
		"::1": true, "::": true, "fe80::1": true, "fe80::1%eth0": true, "fc00::1": true, "fd12::1": true, "fec0::1": true, "ff02::1": true, "::ffff:10.0.0.1": true, "::ffff:127.0.0.1": true,
		"64:ff9b::a00:1": true, "64:ff9b:1::1": true, "2002:a00:1::": true, "2001::1": true, "2001:db8::1": true, "::7f00:1": true, "100::1": true,
		"1.1.1.1": false, "100.63.255.255": false, "100.128.0.0": false, "2606:4700::1111": false, "64:ff9b::101:101": false, "2002:101:101::": false, "172.32.0.1": false, "198.20.0.1": false,
	} {
		if got := inside(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: inside is %v", text, got)
		}
	}
}

// names is a name service with fixed answers.
type names map[string]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if n[host] == "" {
		return nil, errors.New("no such host")
	}
	return []netip.Addr{netip.MustParseAddr(n[host])}, nil
}

// TestProxy: through a proxy the target counts, not the proxy, which may well be inside.
func TestProxy(t *testing.T) {
	asked := ""
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		if strings.HasSuffix(asked, "/moved.xsd") {
			http.Redirect(w, r, "http://10.0.0.1/schema.xsd", http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, schema)
	}))
	defer proxy.Close()
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{
		"http://outside.example/schema.xsd": "", "http://1.1.1.1/schema.xsd": "", "http://unknown.example/schema.xsd": "",
		"http://inside.example/schema.xsd": "internal address", "http://10.0.0.1/schema.xsd": "internal address", "http://[::1]/schema.xsd": "internal address",
		"http://localhost/schema.xsd": "internal address", "http://intranet/schema.xsd": "internal address", "http://LOCALHOST./schema.xsd": "internal address",
		"http://metadata.google.internal/schema.xsd": "internal address", "http://outside.example/moved.xsd": "internal address",
	} {
		s, _, err := newSource(t.Context(), write(t, whole), "", io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		s.fetch, s.resolver = true, names{"outside.example": "1.1.1.1", "inside.example": "192.168.0.1"}
		s.proxy = func(*http.Request) (*url.URL, error) { return address, nil }
		asked = ""
		_, content, err := s.Open("", target)
		if want == "" && (err != nil || string(content) != schema || asked != target) {
			t.Errorf("%s: %v, the proxy was asked for %q", target, err, asked)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(asked, "10.0.0.1")) {
			t.Errorf("%s: %v, the proxy was asked for %q", target, err, asked)
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}
}
