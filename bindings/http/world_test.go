package http_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	nethttp "net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

// world is a cluster: clients come to the first node, listeners are at the last.
type world struct {
	*testcluster.Cluster
	t      testing.TB
	client *nethttp.Client
	rule   entity.Rule
}

// both runs a story on one node and on two.
func both(t *testing.T, story func(w *world), opts ...testcluster.Option) {
	t.Helper()
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprintf("%d node(s)", n), func(t *testing.T) {
			story(newWorld(t, n, opts...))
		})
	}
}

// newWorld starts a cluster of n nodes and a client that trusts it.
func newWorld(t testing.TB, n int, opts ...testcluster.Option) *world {
	t.Helper()
	c := testcluster.New(t, n, opts...)
	pem, err := os.ReadFile(c.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	transport := &nethttp.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	w := &world{Cluster: c, t: t, client: &nethttp.Client{Transport: transport, Timeout: patience}, rule: entity.NewRule("clerk", entity.Send)}
	c.Secret("the clerk's key", string(w.rule.Primary))
	return w
}

func (w *world) add(name string, change ...func(*entity.Entity)) {
	e := &entity.Entity{Name: name, Kind: entity.HTTP, AnonymousSenders: true}
	for _, f := range change {
		f(e)
	}
	w.Add(e)
}

// serve listens for a relay with a handler.
func (w *world) serve(name string, h nethttp.HandlerFunc) {
	w.t.Helper()
	w.Serve(w.last(), name, h)
}

func (w *world) last() int {
	if strings.Contains(w.t.Name(), "2_node") {
		return 1
	}
	return 0
}

// answer is what a client got.
type answer struct {
	status int
	body   string
	fields nethttp.Header
}

func (w *world) call(method, path, body string, fields ...string) answer {
	w.t.Helper()
	req, err := nethttp.NewRequestWithContext(w.t.Context(), method, "https://"+w.Node(0).Host("https")+"/"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	res, err := w.client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{res.StatusCode, string(b), res.Header}
}

const (
	envelope11 = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>%s</s:Header><s:Body><Add/></s:Body></s:Envelope>`
	envelope12 = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>` +
		`<a:Action s:mustUnderstand="1">urn:add</a:Action><a:MessageID>urn:uuid:7</a:MessageID>%s</s:Header><s:Body><Add/></s:Body></s:Envelope>`
	token = `<o:Security s:mustUnderstand="1" xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">` +
		`<u:Timestamp><u:Created>2026-01-01T00:00:00Z</u:Created></u:Timestamp><o:UsernameToken><o:Username>clerk</o:Username><o:Password>%s</o:Password></o:UsernameToken></o:Security>`
	type12 = "application/soap+xml; charset=utf-8"
)

// TestFailures: a failure is a fault in the sender's version and addressing, with the status that WCF knows; REST has JSON.
func TestFailures(t *testing.T) {
	both(t, func(w *world) {
		w.add("silent")
		w.add("key", func(e *entity.Entity) { e.AnonymousSenders = false })
		w.add("walled", func(e *entity.Entity) { e.Settings.Allow = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
		for _, row := range []struct {
			path   string
			status int
			code   string
			fault  string
		}{
			{"nowhere", 404, "UnknownEntity", "DestinationUnreachable"},
			{"silent/below", 404, "NoListener", "DestinationUnreachable"},
			{"key", 401, "MissingToken", "FailedAuthentication"},
			{"walled", 403, "AddressBlocked", "FailedAuthentication"},
		} {
			old := w.call("POST", row.path, fmt.Sprintf(envelope11, ""), "Content-Type", "text/xml; charset=utf-8", "SOAPAction", `"urn:add"`)
			if old.status != row.status || old.fields.Get("Causeway-Error") != row.code || !strings.Contains(old.body, row.fault+"</faultcode>") ||
				!strings.Contains(old.body, "schemas.xmlsoap.org/soap/envelope") || !strings.HasPrefix(old.fields.Get("Content-Type"), "text/xml") {
				t.Errorf("%s, SOAP 1.1: %+v", row.path, old)
			}
			now := w.call("POST", row.path, fmt.Sprintf(envelope12, ""), "Content-Type", type12)
			if now.status != row.status || !strings.Contains(now.body, row.fault) || !strings.Contains(now.body, "2003/05/soap-envelope") ||
				row.path != "nowhere" && !strings.Contains(now.body, ">urn:uuid:7</a:RelatesTo>") || !strings.HasPrefix(now.fields.Get("Content-Type"), "application/soap+xml") {
				t.Errorf("%s, SOAP 1.2: %+v", row.path, now)
			}
			if challenge := now.fields.Get("WWW-Authenticate"); (row.status == 401) != strings.HasPrefix(challenge, "Basic ") {
				t.Errorf("%s: challenge %q", row.path, challenge)
			}
			if row.path == "nowhere" {
				continue
			}
			rest := w.call("GET", row.path, "")
			if rest.fields.Get("Content-Type") != "application/json" || !strings.HasPrefix(rest.body, `{"error":{`) {
				t.Errorf("%s, REST: %+v", row.path, rest)
			}
		}
	})
}

// basic is an Authorization of HTTP Basic.
func basic(name, key string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+key))
}

// TestRight: name and key let a sender in, as HTTP Basic and as UsernameToken; the listener sees neither. An answer to the latter has the time.
func TestRight(t *testing.T) {
	both(t, func(w *world) {
		w.add("calc", func(e *entity.Entity) { e.AnonymousSenders, e.Rules = false, []entity.Rule{w.rule} })
		w.serve("calc", func(out nethttp.ResponseWriter, r *nethttp.Request) {
			b, _ := io.ReadAll(r.Body)
			if r.Header.Get("Authorization") != "" || bytes.Contains(b, []byte("Security")) {
				t.Errorf("the listener saw %v and %s", r.Header, b)
			}
			out.Header().Set("Content-Type", type12)
			_, _ = out.Write(b)
		})
		plain := fmt.Sprintf(envelope12, "")
		if got := w.call("POST", "calc", plain, "Content-Type", type12, "Authorization", basic("clerk", string(w.rule.Primary))); got.status != 200 || got.body != plain {
			t.Errorf("Basic: %+v", got)
		}
		if got := w.call("POST", "calc", plain, "Content-Type", type12, "Authorization", basic("clerk", "wrong")); got.status != 401 {
			t.Errorf("Basic, a wrong key: %+v", got)
		}
		big := strings.Replace(plain, "<Add/>", "<Add>"+strings.Repeat("x", 100_000)+"</Add>", 1)
		for _, text := range []string{plain, big} {
			shown := strings.Replace(text, "</s:Header>", fmt.Sprintf(token, string(w.rule.Primary))+"</s:Header>", 1)
			got := w.call("POST", "calc", shown, "Content-Type", type12)
			if got.status != 200 || strings.Count(got.body, "</u:Timestamp>") != 1 || len(got.body) < len(text) {
				t.Errorf("UsernameToken: %d %.600s", got.status, got.body)
			}
		}
		if got := w.call("POST", "calc", fmt.Sprintf(envelope12, fmt.Sprintf(token, "wrong")), "Content-Type", type12); got.status != 401 {
			t.Errorf("UsernameToken, a wrong key: %+v", got)
		}
	})
}

// TestRelayToken: a relay token lets a sender in from every place where clients have one, and the listener does not see it.
func TestRelayToken(t *testing.T) {
	both(t, func(w *world) {
		w.add("calc", func(e *entity.Entity) { e.AnonymousSenders, e.Rules = false, []entity.Rule{w.rule} })
		w.serve("calc", func(_ nethttp.ResponseWriter, r *nethttp.Request) {
			b, _ := io.ReadAll(r.Body)
			if seen := fmt.Sprint(r.URL, r.Header, string(b)); strings.Contains(seen, "SharedAccess") || strings.Contains(seen, "RelayAccessToken") {
				t.Errorf("the listener saw %s", seen)
			}
		})
		text := w.Sign("http://localhost/calc", "clerk", string(w.rule.Primary), time.Now().Add(time.Hour))
		block := `<r:RelayAccessToken xmlns:r="http://schemas.microsoft.com/netservices/2009/05/servicebus/connect"><o:BinarySecurityToken xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">` +
			base64.StdEncoding.EncodeToString([]byte(text)) + `</o:BinarySecurityToken></r:RelayAccessToken>`
		plain := fmt.Sprintf(envelope12, "")
		for name, got := range map[string]answer{
			"ServiceBusAuthorization": w.call("POST", "calc", plain, "Content-Type", type12, "ServiceBusAuthorization", text),
			"Authorization":           w.call("POST", "calc", plain, "Content-Type", type12, "Authorization", text),
			"query":                   w.call("GET", "calc?a=b&sb-hc-token="+url.QueryEscape(text), ""),
			"RelayAccessToken":        w.call("POST", "calc", fmt.Sprintf(envelope12, block), "Content-Type", type12),
		} {
			if got.status != 200 {
				t.Errorf("%s: %+v", name, got)
			}
		}
	})
}

// TestPasses: what is the service's business passes untouched, whatever it is, and the action stands in the log.
func TestPasses(t *testing.T) {
	both(t, func(w *world) {
		w.add("calc")
		w.serve("calc", func(out nethttp.ResponseWriter, r *nethttp.Request) {
			b, _ := io.ReadAll(r.Body)
			out.Header().Set("Content-Type", "text/html")
			out.Header().Set("Seen", r.Header.Get("SOAPAction")+r.Header.Get("Authorization"))
			out.WriteHeader(202)
			_, _ = out.Write(b)
		})
		for _, body := range []string{"<", "<!DOCTYPE a><a/>", "", fmt.Sprintf(envelope12, ""), fmt.Sprintf(envelope11, "<H xmlns='urn:x' s:mustUnderstand='1'/>"), strings.Repeat("<a>", 50_000)} {
			got := w.call("POST", "calc/x?q=1", body, "Content-Type", "text/xml", "SOAPAction", `"urn:sub"`, "Authorization", "Basic eDp5")
			if got.status != 202 || got.body != body || got.fields.Get("Seen") != `"urn:sub"Basic eDp5` || got.fields.Get("Content-Type") != "text/html" {
				t.Errorf("%.60q: %d, %.60q, %v", body, got.status, got.body, got.fields)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		w.Await(ctx, "the action", func(line map[string]string) bool { return line["action"] == "urn:sub" && line["msg"] == "closed" })
		w.call("POST", "calc", fmt.Sprintf(envelope12, "<a:To>https://relay.example.com/calc</a:To>"), "Content-Type", type12)
		w.Await(ctx, "action and address of the message", func(line map[string]string) bool {
			return line["action"] == "urn:add" && line["to"] == "https://relay.example.com/calc" && line["msg"] == "closed"
		})
	})
}

// TestMetadata: a description has the relay's addresses, packed or not, by GET and by an exchange of metadata.
func TestMetadata(t *testing.T) {
	both(t, func(w *world) {
		w.add("calc")
		const wsdl = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><port><address location="http://server1/svc"/></port></definitions>`
		w.serve("calc", func(out nethttp.ResponseWriter, r *nethttp.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			out.Header().Set("Content-Type", "text/xml; charset=UTF-8")
			if r.Header.Get("Accept-Encoding") != "gzip" {
				_, _ = io.WriteString(out, wsdl)
				return
			}
			out.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(out)
			_, _ = io.WriteString(z, wsdl)
			_ = z.Close()
		})
		want := `location="https://` + w.Node(0).Host("https") + `/calc"`
		for _, query := range []string{"wsdl", "singleWsdl", "xsd=xsd0"} {
			for _, packed := range []string{"", "gzip"} {
				if got := w.call("GET", "calc?"+query, "", "Accept-Encoding", packed); !strings.Contains(got.body, want) || got.fields.Get("Content-Encoding") != "" {
					t.Errorf("%s %q: %+v", query, packed, got)
				}
			}
		}
		get := strings.Replace(fmt.Sprintf(envelope12, ""), "urn:add", "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", 1)
		if got := w.call("POST", "calc/mex", get, "Content-Type", type12); !strings.Contains(got.body, `"https://`+w.Node(0).Host("https")+`/calc"`) {
			t.Errorf("an exchange of metadata: %+v", got)
		}
		// Mono's clients wait to be told to send: the question is in a body that the gateway does not read before a listener wants it.
		conn := w.dial()
		if _, err := io.WriteString(conn, "POST /calc/mex HTTP/1.1\r\nHost: "+w.Node(0).Host("https")+"\r\nExpect: 100-continue\r\nContent-Type: "+type12+"\r\nContent-Length: "+fmt.Sprint(len(get))+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		for line := ""; line != "\r\n"; { // the 100
			var err error
			if line, err = in.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := io.WriteString(conn, get); err != nil {
			t.Fatal(err)
		}
		if got := w.readFrom(in); !strings.Contains(got.body, `"https://`+w.Node(0).Host("https")+`/calc"`) {
			t.Errorf("an exchange of metadata behind a 100: %+v", got)
		}
		if got := w.call("GET", "calc?other", ""); got.body != wsdl {
			t.Errorf("what is no description: %+v", got)
		}
	})
}
