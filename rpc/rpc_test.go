package rpc_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/rpc"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

func element(local string) infoset.Name {
	return infoset.Name{Prefix: "t", Space: "urn:t", Local: local}
}

var (
	ask    = &codec.Document[string]{Name: element("Ask"), Codec: &codec.String}
	answer = &codec.Document[string]{Name: element("Answer"), Codec: &codec.String}
	count  = &codec.Document[int32]{Name: element("Count"), Codec: &codec.Int32}
	token  = &codec.Document[string]{Name: element("Token"), Codec: &codec.String}
	detail = &codec.Document[int32]{Name: element("Busy"), Codec: &codec.Int32}
	blob   = &codec.Document[[]byte]{Name: element("Blob"), Codec: &codec.Codec[[]byte]{
		Decode: func(d *codec.Decoder, v *[]byte) error { return codec.Base64.Decode(d, (*xsd.Base64)(v)) },
		Value:  func(e *codec.Encoder, v []byte) (infoset.Value, error) { return infoset.Bytes(v), nil },
	}}
)

// busy is a declared fault, as generated code has it.
type busy struct {
	fault *soap.Fault
	n     int32
}

func (b *busy) Error() string { return "busy" }

func (b *busy) Unwrap() error { return b.fault }

func (b *busy) SOAPFault() (*soap.Fault, error) {
	return rpc.DetailFault(b.fault, "busy", detail, b.n)
}

func readBusy(f *soap.Fault, d *codec.Decoder) (error, error) {
	n, err := detail.Read(d)
	return &busy{fault: f, n: n}, err
}

// operations of both versions.
func operations(v soap.Version) (say, tell, blobs *rpc.Operation) {
	faults := []rpc.FaultType{{Element: element("Busy"), Read: readBusy}}
	say = &rpc.Operation{
		Name: "Say", Version: v, Action: "urn:t/Say", WSAction: "urn:t/Say", OutAction: "urn:t/SayResponse", Body: element("Ask"),
		Headers: []infoset.Name{element("Token")}, Faults: faults,
	}
	tell = &rpc.Operation{Name: "Tell", Version: v, Action: "urn:t/Tell", OneWay: true, Body: element("Count")}
	blobs = &rpc.Operation{Name: "Blob", Version: v, Action: "urn:t/Blob", Body: element("Blob")}
	return say, tell, blobs
}

// service is a handler of both versions, and what it was told.
type service struct {
	told chan int32
	errs chan error
	*rpc.Handler
}

func newService(opts ...rpc.HandlerOption) *service {
	s := &service{told: make(chan int32, 1), errs: make(chan error, 1)}
	var methods []rpc.Method
	for _, v := range []soap.Version{soap.V11, soap.V12} {
		say, tell, blobs := operations(v)
		methods = append(methods, rpc.Serve(say, ask, answer, s.say), rpc.ServeIn(tell, count, s.tell),
			rpc.Serve(blobs, blob, blob, func(_ context.Context, b []byte) ([]byte, error) { return b, nil }))
	}
	s.Handler = rpc.NewHandler(methods, append(opts, rpc.HandleError(func(_ string, err error) { s.errs <- err }))...)
	return s
}

func (s *service) say(ctx context.Context, in string) (string, error) {
	switch in {
	case "busy":
		return "", &busy{n: 7}
	case "fault":
		return "", soap.NewFault(soap.Sender, "not like that")
	case "error":
		return "", errors.New("the password is hunter2")
	case "panic":
		panic("hunter2")
	}
	if got, ok, err := rpc.RequestHeader(ctx, token); ok && err == nil {
		if err := rpc.SetResponseHeader(ctx, token, got+"!"); err != nil {
			return "", err
		}
	}
	return "you said " + in, nil
}

func (s *service) tell(_ context.Context, n int32) error {
	s.told <- n
	return nil
}

// TestCalls: every way on the wire carries a call, its headers and its answer.
func TestCalls(t *testing.T) {
	rows := []struct {
		name string
		v    soap.Version
		opts []rpc.Option
	}{
		{"text 1.1", soap.V11, nil},
		{"text 1.2", soap.V12, nil},
		{"gzip", soap.V11, []rpc.Option{rpc.WithGzip()}},
		{"MTOM 1.1", soap.V11, []rpc.Option{rpc.WithMTOM()}},
		{"MTOM 1.2", soap.V12, []rpc.Option{rpc.WithMTOM()}},
		{"binary", soap.V12, []rpc.Option{rpc.WithBinary()}},
	}
	s := newService()
	server := httptest.NewServer(s)
	defer server.Close()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			say, tell, blobs := operations(row.v)
			c := rpc.NewClient(server.URL, row.opts...)
			var back string
			got, err := rpc.Call(t.Context(), c, say, ask, "hello", answer, rpc.HeaderOption(token, "k"), rpc.ReadHeaderOption(token, &back))
			if err != nil || got != "you said hello" || back != "k!" {
				t.Errorf("%q, header %q, %v", got, back, err)
			}
			large := bytes.Repeat([]byte{0, 1, 2, 255}, 5000)
			same, err := rpc.Call(t.Context(), c, blobs, blob, large, blob)
			if err != nil || !bytes.Equal(same, large) {
				t.Errorf("%d bytes of %d, %v", len(same), len(large), err)
			}
			if err := rpc.CallIn(t.Context(), c, tell, count, 5); err != nil {
				t.Error(err)
			}
			if n := <-s.told; n != 5 {
				t.Errorf("told %d", n)
			}
		})
	}
}

// TestFaults: declared faults are their own type, others the fault; what is no fault tells nothing.
func TestFaults(t *testing.T) {
	s := newService()
	server := httptest.NewServer(s)
	defer server.Close()
	for _, v := range []soap.Version{soap.V11, soap.V12} {
		say, _, _ := operations(v)
		c := rpc.NewClient(server.URL)
		_, err := rpc.Call(t.Context(), c, say, ask, "busy", answer)
		if b, ok := errors.AsType[*busy](err); !ok || b.n != 7 || b.fault.Code != soap.Receiver {
			t.Errorf("%v: declared fault: %v", v, err)
		}
		_, err = rpc.Call(t.Context(), c, say, ask, "fault", answer)
		if f, ok := errors.AsType[*soap.Fault](err); !ok || f.Reason("en") != "not like that" || f.Code != soap.Sender {
			t.Errorf("%v: fault: %v", v, err)
		}
		for _, word := range []string{"error", "panic"} {
			_, err = rpc.Call(t.Context(), c, say, ask, word, answer)
			f, ok := errors.AsType[*soap.Fault](err)
			if !ok || strings.Contains(err.Error(), "hunter2") || f.Effective().Local != "InternalServiceFault" {
				t.Errorf("%v: %s: %v", v, word, err)
			}
			if told := <-s.errs; !strings.Contains(told.Error(), "hunter2") {
				t.Errorf("%v: %s: the service was told %v", v, word, told)
			}
		}
	}
}

// TestRefusals: what cannot be served is answered with the fault for it, in the sender's version.
func TestRefusals(t *testing.T) {
	envelope := func(space, header, body string) string {
		return `<e:Envelope xmlns:e="` + space + `" xmlns:t="urn:t">` + header + `<e:Body>` + body + `</e:Body></e:Envelope>`
	}
	const v11, v12 = soap.Namespace11, soap.Namespace12
	must := func(role string) string {
		return `<e:Header><t:Other e:mustUnderstand="1" ` + role + `/></e:Header>`
	}
	rows := []struct {
		name, contentType, action, body string
		status                          int
		want                            string
	}{
		{"unknown operation", "text/xml", `"urn:x"`, envelope(v11, "", `<t:No/>`), 500, `no operation takes element "No"`},
		{"by its element alone", "text/xml", `""`, envelope(v11, "", `<t:Ask>x</t:Ask>`), 200, "you said x"},
		{"no action at all", "text/xml", "", envelope(v11, "", `<t:Ask>x</t:Ask>`), 200, "you said x"},
		{"mustUnderstand 1.1", "text/xml", `""`, envelope(v11, must(""), `<t:Ask>x</t:Ask>`), 500, "MustUnderstand"},
		{"mustUnderstand 1.2", "application/soap+xml", "", envelope(v12, must(""), `<t:Ask>x</t:Ask>`), 500, "NotUnderstood"},
		{"for another node", "text/xml", `""`, envelope(v11, must(`e:actor="urn:other"`), `<t:Ask>x</t:Ask>`), 200, "you said x"},
		{"version that differs", "text/xml", `""`, envelope(v12, "", `<t:Ask>x</t:Ask>`), 500, "VersionMismatch"},
		{"unknown version", "text/xml", `""`, envelope("urn:soap3", "", `<t:Ask>x</t:Ask>`), 500, "VersionMismatch"},
		{"malformed", "text/xml", `""`, `<e:Envelope xmlns:e="` + v11 + `"><e:Body><t:Ask`, 500, "Client"},
		{"cut off", "text/xml", `""`, `<e:Envelope xmlns:e="` + v11 + `"><e:Body><a>`, 500, "Client"},
		{"bad value", "text/xml", `""`, envelope(v11, "", `<t:Count>many</t:Count>`), 500, "the request cannot be read"},
		{"no SOAP", "application/json", "", `{}`, 415, "content type"},
		{"too large", "text/xml", `""`, envelope(v11, "", `<t:Ask>`+strings.Repeat("x", 5000)+`</t:Ask>`), 413, "larger"},
	}
	s := newService(rpc.HandleMaxSize(2000))
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(row.body))
			r.Header.Set("Content-Type", row.contentType)
			if row.action != "" {
				r.Header.Set("SOAPAction", row.action)
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != row.status || !strings.Contains(w.Body.String(), row.want) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

// TestHTTPAnswers: what is no SOAP message is said plainly.
func TestHTTPAnswers(t *testing.T) {
	say, tell, _ := operations(soap.V11)
	rows := []struct {
		name, contentType, body string
		status                  int
		want                    string
	}{
		{"a page", "text/html", "<html><body>Please <b>log in</b></body></html>", 200, "Please log in"},
		{"a proxy's error", "text/html", "<h1>502 Bad Gateway</h1>", 502, "502"},
		{"no answer", "", "", 202, "sent no answer"},
		{"another element", "text/xml", `<e:Envelope xmlns:e="` + soap.Namespace11 + `"><e:Body><x/></e:Body></e:Envelope>`, 200, "where Answer"},
		{"empty body", "text/xml", `<e:Envelope xmlns:e="` + soap.Namespace11 + `"><e:Body/></e:Envelope>`, 200, "nothing where element Answer"},
		{"no XML under a SOAP type", "text/xml", "Service unavailable", 503, "Service unavailable"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", row.contentType)
				w.WriteHeader(row.status)
				_, _ = io.WriteString(w, row.body)
			}))
			defer server.Close()
			_, err := rpc.Call(t.Context(), rpc.NewClient(server.URL), say, ask, "x", answer)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%v; want %q", err, row.want)
			}
			if row.status == 202 {
				if err := rpc.CallIn(t.Context(), rpc.NewClient(server.URL), tell, count, 1); err != nil {
					t.Errorf("one-way: %v", err)
				}
			}
		})
	}
}

// TestRequest: what stands on the wire.
func TestRequest(t *testing.T) {
	var head http.Header
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head = r.Header
		src := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			src, _ = gzip.NewReader(src)
		}
		b, _ := io.ReadAll(src)
		body = string(b)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	addressed, _, _ := operations(soap.V12)
	addressed.Addressing, addressed.OneWay = true, true
	_, tell, _ := operations(soap.V11)
	c := rpc.NewClient(server.URL, rpc.WithHTTPHeader("X-Key", "k"), rpc.WithUsername("joe", "secret"))
	if err := rpc.CallIn(t.Context(), c, tell, count, 9, rpc.WithGzip()); err != nil {
		t.Fatal(err)
	}
	if head.Get("SOAPAction") != `"urn:t/Tell"` || head.Get("X-Key") != "k" || head.Get("Content-Type") != "text/xml; charset=utf-8" {
		t.Errorf("%v", head)
	}
	for _, want := range []string{"<t:Count", ">9</t:Count>", "joe", "secret", "Timestamp"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in %s", want, body)
		}
	}
	if err := rpc.CallIn(t.Context(), rpc.NewClient(server.URL), addressed, ask, "x"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"urn:uuid:", "Action", "urn:t/Say", server.URL} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in %s", want, body)
		}
	}
	if !strings.Contains(head.Get("Content-Type"), `action="urn:t/Say"`) || head.Get("SOAPAction") != "" {
		t.Errorf("%v", head)
	}
	err := rpc.CallIn(t.Context(), rpc.NewClient("http://192.0.2.1/", rpc.WithUsername("joe", "secret")), tell, count, 9)
	if err == nil || !strings.Contains(err.Error(), "plain http") || strings.Contains(err.Error(), "secret") {
		t.Errorf("a password over plain http: %v", err)
	}
}

// TestInterceptors: they see the message on its way out and the answer on its way in.
func TestInterceptors(t *testing.T) {
	server := httptest.NewServer(newService())
	defer server.Close()
	say, _, _ := operations(soap.V11)
	var order []string
	watch := func(name string) rpc.Option {
		return rpc.WithInterceptor(func(next rpc.RoundTrip) rpc.RoundTrip {
			return func(ctx context.Context, m *soap.Message) (*soap.Message, error) {
				order = append(order, name+" out")
				answer, err := next(ctx, m)
				order = append(order, name+" in")
				return answer, err
			}
		})
	}
	if _, err := rpc.Call(t.Context(), rpc.NewClient(server.URL, watch("a"), watch("b")), say, ask, "x", answer); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, ", "); got != "a out, b out, b in, a in" {
		t.Error(got)
	}
}

// TestLimit: an answer that is too large is refused, and a context ends a call.
func TestLimit(t *testing.T) {
	server := httptest.NewServer(newService())
	defer server.Close()
	say, _, _ := operations(soap.V11)
	_, err := rpc.Call(t.Context(), rpc.NewClient(server.URL, rpc.WithMaxSize(1000)), say, ask, strings.Repeat("x", 2000), answer)
	if err == nil || !strings.Contains(err.Error(), "larger") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = rpc.Call(ctx, rpc.NewClient(server.URL), say, ask, "x", answer); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestDescription: ?wsdl is served, other GETs are told what to do.
func TestDescription(t *testing.T) {
	s := newService(rpc.HandleDescription([]byte("<definitions/>")))
	for query, want := range map[string]int{"/?wsdl": 200, "/?singleWsdl": 200, "/": 405} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, query, http.NoBody))
		if w.Code != want || (want == 200) != strings.Contains(w.Body.String(), "<definitions/>") {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}
