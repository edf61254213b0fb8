package hybrid

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	api "github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/interop"
)

// Three listeners that answer as they are ordered. Reasons are told whether one can set the words behind the status: a
// net/http handler cannot.
var ordered = []struct {
	name    string
	reasons bool
	start   func(t *testing.T, s *interop.Stand, relay, id string)
}{
	{"hyco-https", true, func(t *testing.T, s *interop.Stand, relay, id string) {
		s.Node(t, append(s.Listener(relay), "RELAY_ID="+id), "matrix-listener.js").Await(`^listening$`)
	}},
	{"hybrid.Serve", false, serveOrders},
	{"raw", true, func(t *testing.T, s *interop.Stand, relay, id string) {
		listenRaw(t, s, relay, id).serve(func(r *webRequest, body []byte) (webResponse, []byte) {
			o, out := parseOrder(t, header(r, "X-Order"))
			_, query, _ := strings.Cut(r.Target, "?")
			b, err := json.Marshal(seen{r.Method, query, len(body), header(r, "X-CustomHeader"), id})
			if err != nil {
				t.Error(err)
			}
			o.Headers["X-Seen"] = string(b)
			a := webResponse{Status: o.Status, Headers: o.Headers}
			if o.Reason != "" {
				a.Reason = &o.Reason
			}
			return a, []byte(out)
		})
	}},
}

func serveOrders(t *testing.T, s *interop.Stand, relay, id string) {
	serve(t, s, relay, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			t.Errorf("request body: %v", err)
		}
		o, out := parseOrder(t, r.Header.Get("X-Order"))
		b, err := json.Marshal(seen{r.Method, r.URL.RawQuery, int(n), r.Header.Get("X-CustomHeader"), id})
		if err != nil {
			t.Error(err)
		}
		for name, value := range o.Headers {
			w.Header().Set(name, value)
		}
		w.Header().Set("X-Seen", string(b))
		w.WriteHeader(o.Status)
		_, _ = io.WriteString(w, out)
	}))
}

// serve runs hybrid.Serve until the test ends, and returns when its listener is online.
func serve(t *testing.T, s *interop.Stand, relay string, h http.Handler) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	online := make(chan struct{})
	var once sync.Once
	var run sync.WaitGroup
	run.Go(func() {
		err := api.Serve(ctx, connectionString(s, s.Listen), h, api.WithEntity(relay), api.WithCAFile(s.CA), api.WithEvents(func(e api.Event) {
			if e.Kind == api.Online {
				once.Do(func() { close(online) })
			}
		}))
		if err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		run.Wait()
	})
	select {
	case <-online:
	case <-time.After(interop.Patience):
		t.Fatal("the listener does not come online")
	}
}

// trustOf trusts the stand's authority, whether its gateway runs in this process or not.
func trustOf(t *testing.T, s *interop.Stand) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(s.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// webClient is a sender by net/http.
func webClient(t *testing.T, s *interop.Stand) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: trustOf(t, s), DisableCompression: true, MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Timeout: interop.Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// matrixCase is one exchange; what is empty is not sent, or expected as it is named.
type matrixCase struct {
	method string // GET
	query  string // with its question mark
	arrive string // query at the listener; "=" for the one sent
	body   string
	custom []string // X-CustomHeader of the request, and joined at the listener
	order  order
	words  string // reason phrase of the answer, "" for any
}

const (
	long         = 66560
	json1, json2 = `{  "a": 11,   "b" :22, "c":"test",    "d":true}`, `{ "a" : true }`
)

// matrix is the exchanges of the public suites: sizes, verbs, statuses, headers and queries.
func matrix() (cases []matrixCase) {
	for _, method := range []string{"GET", "POST"} {
		body := ""
		if method == "POST" {
			body = json1
		}
		cases = append(cases,
			matrixCase{method: method, body: body, order: order{Body: json2}, words: "OK"},
			matrixCase{method: method, body: body, order: order{Size: long, Reason: "TestStatusDescription"}, words: "TestStatusDescription"},
			matrixCase{method: method})
		for _, status := range statuses() {
			cases = append(cases, matrixCase{method: method, body: body, order: order{Status: status}})
		}
	}
	for _, sizes := range [][2]int{{1, 1}, {1, long}, {long, 1}, {long, long}, {long, 0}, {65535, 65535}, {65536, 65536}, {65537, 65537}} {
		cases = append(cases, matrixCase{method: "POST", body: strings.Repeat("y", sizes[0]), order: order{Size: sizes[1]}})
	}
	cases = append(cases,
		matrixCase{order: order{Body: "X"}},
		matrixCase{order: order{Status: 201}, words: "Created"},
		matrixCase{custom: []string{"requestValue1", "requestValue2"}, order: order{Headers: map[string]string{"X-CustomHeader": "responseValue1,responseValue2"}}})
	for _, method := range []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "BREW"} {
		cases = append(cases, matrixCase{method: method})
	}
	for _, q := range []string{
		"", "?foo=bar", "?&foo=bar", "?a=1&a=2&", "?&&&", "?sb-hc-undefined", "?key='value'", "?+", "?%2B", "?%20", "?%2f%3a%3d%26", "?%C3%b8", "?foo=bar&",
		"?CustomValue", "?custom-Value", "?custom&value", "?&custom&value&", "?&&value&&", "?api-version=abc", "?key=%22value%22", "?key=%3Cvalue%3E",
		"?%20Key%20=%20%20Value%20With%20Space", "?%20Not%20a%20key%20value%20pair", "?name=%C3%B8",
	} {
		cases = append(cases, matrixCase{query: q, arrive: "="})
	}
	for q, arrive := range map[string]string{
		"?": "", "?sb-hc-id=1": "", "?sb-hc-id=1&custom=value": "custom=value", "?custom=value&sb-hc-id=1": "custom=value", "?sb-hc-undefined=true": "",
		"?sb-hc-whatever=": "", "?sb-hc-whatever=&foo=bar": "foo=bar",
	} {
		cases = append(cases, matrixCase{query: q, arrive: arrive})
	}
	return cases
}

// statuses are those of the public suites.
func statuses() (all []int) {
	for _, span := range [][2]int{{201, 206}, {300, 307}, {400, 418}, {426, 426}, {450, 450}, {500, 505}} {
		for status := span[0]; status <= span[1]; status++ {
			all = append(all, status)
		}
	}
	return all
}

// TestMatrix: every exchange of the public suites, by each listener, with a sender that has a token and one that needs none.
func TestMatrix(t *testing.T) {
	t.Parallel()
	interop.Need(t, "node")
	cases := matrix()
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for _, l := range ordered {
			t.Run(l.name, func(t *testing.T) {
				client := webClient(t, s)
				for _, relay := range relays(s, l.name) {
					l.start(t, s, relay, "one")
					for _, c := range cases {
						if err := c.run(t.Context(), client, s, relay, l.reasons); err != nil {
							t.Errorf("%s: %s %s, order %+v: %v", relay, c.method, c.query, c.order, err)
						}
					}
				}
				t.Logf("%d exchanges", 2*len(cases))
			})
		}
	})
}

// relays adds two hybrid connections for one listener only, since the gateway may not yet know that the last one has ended:
// the first asks its senders for a token, the second does not.
func relays(s *interop.Stand, listener string) []string {
	names := []string{"private-" + listener, "public-" + listener}
	s.Add(&entity.Entity{Name: names[0]})
	s.Add(&entity.Entity{Name: names[1], AnonymousSenders: true})
	return names
}

// send makes one exchange with a body read to its end.
func (c *matrixCase) send(ctx context.Context, client *http.Client, s *interop.Stand, relay string) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, c.method, "https://"+s.Send+"/"+relay+c.query, strings.NewReader(c.body))
	if err != nil {
		return nil, nil, err
	}
	if !strings.HasPrefix(relay, "public-") {
		r.Header.Set("ServiceBusAuthorization", wire.Sign("http://localhost/"+relay+"/", s.Rule, s.Key, time.Now().Add(20*time.Minute)))
	}
	for _, v := range c.custom {
		r.Header.Add("X-CustomHeader", v)
	}
	b, err := json.Marshal(c.order)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("X-Order", string(b))
	a, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	return a, body, err
}

func (c *matrixCase) run(ctx context.Context, client *http.Client, s *interop.Stand, relay string, reasons bool) error {
	a, body, err := c.send(ctx, client, s, relay)
	if err != nil {
		return err
	}
	var got seen
	if err := json.Unmarshal([]byte(a.Header.Get("X-Seen")), &got); err != nil {
		return fmt.Errorf("%s without what the listener saw: %w", a.Status, err)
	}
	want := seen{Method: c.method, Query: c.arrive, Bytes: len(c.body), Custom: strings.Join(c.custom, ", "), ID: "one"}
	if c.method == "" {
		want.Method = "GET"
	}
	if c.arrive == "=" {
		want.Query = strings.TrimPrefix(c.query, "?")
	}
	var wrong []error
	if got != want {
		wrong = append(wrong, fmt.Errorf("the listener saw %+v, want %+v", got, want))
	}
	o, out := c.order, c.order.Body+strings.Repeat("y", c.order.Size)
	status := max(o.Status, http.StatusOK)
	if a.StatusCode != status || !bytes.Equal(body, []byte(out)) {
		wrong = append(wrong, fmt.Errorf("%s with %d bytes, want %d with %d", a.Status, len(body), status, len(out)))
	}
	if _, words, _ := strings.Cut(a.Status, " "); c.words != "" && words != c.words && (reasons || o.Reason == "") {
		wrong = append(wrong, fmt.Errorf("reason %q, want %q", words, c.words))
	}
	if a.Header.Get("Via") != "1.1 localhost" {
		wrong = append(wrong, fmt.Errorf("via %q", a.Header.Get("Via")))
	}
	for name, value := range o.Headers {
		if got := strings.Join(a.Header.Values(name), ","); got != value {
			wrong = append(wrong, fmt.Errorf("%s: %q, want %q", name, got, value))
		}
	}
	return errors.Join(wrong...)
}

// TestBalance: two listeners at one hybrid connection, 100 requests in parallel batches of ten: each is answered once, and both
// listeners serve.
func TestBalance(t *testing.T) {
	t.Parallel()
	interop.Need(t, "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for _, l := range ordered {
			t.Run(l.name, func(t *testing.T) {
				client := webClient(t, s)
				for _, relay := range relays(s, l.name) {
					l.start(t, s, relay, "first")
					l.start(t, s, relay, "second")
					served := map[string]int{}
					for range 10 {
						for _, id := range batch(t, client, s, relay) {
							served[id]++
						}
					}
					if served["first"] == 0 || served["second"] == 0 || served["first"]+served["second"] != 100 {
						t.Errorf("%s: served %v", relay, served)
					}
				}
			})
		}
	})
}

// batch makes ten requests at once and gives who answered.
func batch(t *testing.T, client *http.Client, s *interop.Stand, relay string) []string {
	ids := make([]string, 10)
	var run sync.WaitGroup
	for i := range ids {
		run.Go(func() {
			var got seen
			a, _, err := (&matrixCase{}).send(t.Context(), client, s, relay)
			if err == nil {
				err = json.Unmarshal([]byte(a.Header.Get("X-Seen")), &got)
			}
			if err != nil || a.StatusCode != http.StatusOK {
				t.Errorf("%v %v", a, err)
			}
			ids[i] = got.ID
		})
	}
	run.Wait()
	return ids
}
