package wcfhttp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// echoWSDL is the description of Mono's echo service, or a part of it, as WCF writes one.
func echoWSDL(t *testing.T, address string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "echo.wsdl"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(text), "{address}", address, 1)
}

var messageID = regexp.MustCompile(`MessageID[^>]*>([^<]+)<`)

// metadataOf is a service as WCF publishes one: the description at ?wsdl and ?singleWsdl and by an exchange at /mex, everything else
// Mono's echo service. Mono's own exchange of metadata does not answer beside a service of SOAP 1.1.
func metadataOf(t *testing.T, service string) *httptest.Server {
	t.Helper()
	target, err := url.Parse(service)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL, r.Out.Host = target, target.Host }}
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		doc := echoWSDL(t, "http://"+r.Host+"/Services/Echo.svc")
		_, definitions, _ := strings.Cut(doc, "?>") // without the declaration it can stand in a message
		query := strings.ToLower(r.URL.RawQuery)
		switch {
		case r.Method == http.MethodGet && (query == "wsdl" || query == "singlewsdl"):
			out.Header().Set("Content-Type", "text/xml; charset=utf-8")
			_, _ = io.WriteString(out, doc)
		case r.Method == http.MethodGet:
			http.Error(out, "no page", http.StatusBadRequest)
		case strings.HasSuffix(r.URL.Path, "/mex"):
			b, _ := io.ReadAll(r.Body)
			id := messageID.FindSubmatch(b)
			if id == nil {
				http.Error(out, "no message", http.StatusInternalServerError)
				return
			}
			out.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
			fmt.Fprintf(out, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>`+
				`<a:Action s:mustUnderstand="1">http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse</a:Action><a:RelatesTo>%s</a:RelatesTo></s:Header><s:Body>`+
				`<Metadata xmlns="http://schemas.xmlsoap.org/ws/2004/09/mex"><MetadataSection Dialect="http://schemas.xmlsoap.org/wsdl/" Identifier="http://tempuri.org/">%s</MetadataSection></Metadata></s:Body></s:Envelope>`,
				id[1], definitions)
		default:
			proxy.ServeHTTP(out, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// tool is a way from metadata to a client that calls.
type tool struct {
	name, command, query string
	driver               string   // beside the generated file
	libraries            []string // that both need
}

var tools = []tool{
	{"svcutil", "svcutil", "?singleWsdl", "Svcutil.cs", []string{"System.ServiceModel", "System.Runtime.Serialization", "System.Web.Services"}},
	{"svcutil by MEX", "svcutil", "/mex", "Svcutil.cs", []string{"System.ServiceModel", "System.Runtime.Serialization", "System.Web.Services"}},
	{"wsdl", "wsdl", "?singleWsdl", "Wsdl.cs", []string{"System.Web.Services"}},
}

// generate makes a client of an address by a tool, compiles it and lets it call. It gives what the client printed.
func (g *tool) generate(t *testing.T, address string) string {
	t.Helper()
	dir, surroundings := t.TempDir(), []string{"LC_ALL=C.UTF-8"}
	made := interop.Start(t, dir, surroundings, g.command, "-out:client.cs", address+g.query)
	made.Finish(2 * interop.Patience)
	driver, err := os.ReadFile(filepath.Join("testdata", g.driver))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "driver.cs"), driver, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-nowarn:618", "-out:client.exe"}
	for _, l := range g.libraries {
		args = append(args, "-r:"+l)
	}
	compiled := interop.Start(t, dir, surroundings, "mcs", append(args, "client.cs", "driver.cs")...)
	compiled.Finish(2 * interop.Patience)
	called := interop.Start(t, dir, surroundings, "mono", "client.exe", address+g.query)
	called.Finish(2 * interop.Patience)
	return called.Text()
}

// TestGeneratedClients: Mono's svcutil and wsdl make clients of the relay's metadata, by ?singleWsdl and by an exchange; compiled they call
// at the address that was in it, the relay's, and get the service's answer. The same of a description that is attached to the relay.
func TestGeneratedClients(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono", "monodevel")
	service := metadataOf(t, mono.Start(t).Service("basic", "echo"))
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		add(s, "published")
		add(s, "attached", func(e *entity.Entity) {
			e.Settings.Metadata = []entity.Document{{Name: "echo.wsdl", Text: echoWSDL(t, "http://never.invalid/Services/Echo.svc")}}
		})
		for _, name := range []string{"published", "attached"} {
			connector(t, s, name, service.URL+"/Services/Echo.svc")
			for _, g := range tools {
				if name == "attached" && g.query == "/mex" {
					continue // what is attached is served by GET
				}
				address := "http://" + door(s) + "/" + name
				if text := g.generate(t, address); !strings.Contains(text, "ADDRESS "+address+"\n") || !strings.Contains(text, "ANSWER hello\n") {
					t.Errorf("%s at %s:\n%s", g.name, name, text)
				}
			}
		}
	})
}

// TestAttachedInParts: zeep follows the imports of an attached description of two files, in parts and in one, and calls through the relay.
func TestAttachedInParts(t *testing.T) {
	t.Parallel()
	interop.Need(t, "zeep", "mono")
	service := mono.Start(t).Service("basic", "echo")
	whole := echoWSDL(t, "http://never.invalid/Services/Echo.svc")
	from, to := strings.Index(whole, "<xsd:schema"), strings.Index(whole, "</xsd:schema>")+len("</xsd:schema>")
	types := strings.Replace(whole[from:to], "<xsd:schema", `<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema"`, 1)
	root := whole[:from] + `<xsd:schema><xsd:import namespace="http://tempuri.org/" schemaLocation="schemas/types.xsd"/></xsd:schema>` + whole[to:]
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		add(s, "parts", func(e *entity.Entity) {
			e.Settings.Metadata = []entity.Document{{Name: "echo.wsdl", Text: root}, {Name: "types.xsd", Text: types}}
		})
		connector(t, s, "parts", service)
		const script = `import sys, zeep
c = zeep.Client(sys.argv[1])
port = list(list(c.wsdl.services.values())[0].ports.values())[0]
print("ADDRESS", port.binding_options["address"])
print("ANSWER", c.service.Echo("hello"))`
		for _, query := range []string{"?wsdl", "?singleWsdl"} {
			address := "http://" + door(s) + "/parts"
			p := interop.Start(t, t.TempDir(), nil, interop.Python(t, "zeep"), "-c", script, address+query)
			p.Finish(2 * interop.Patience)
			if text := p.Text(); !strings.Contains(text, "ADDRESS "+address+"\n") || !strings.Contains(text, "ANSWER hello\n") {
				t.Errorf("%s:\n%s", query, text)
			}
		}
	})
}
