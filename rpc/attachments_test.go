package rpc_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/rpc"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// attached is a service that answers with what was attached, names and all, and sends the attachments back.
func attached(t *testing.T, parts []string, opts ...rpc.HandlerOption) (string, *rpc.Operation) {
	t.Helper()
	op := &rpc.Operation{Name: "Say", Version: soap.V12, Action: "urn:t/Say", Body: element("Ask"), AttachedIn: parts, AttachedOut: parts}
	h := rpc.NewHandler([]rpc.Method{rpc.Serve(op, ask, answer, func(ctx context.Context, _ string) (string, error) {
		var said []string
		for _, a := range rpc.RequestAttachments(ctx) {
			said = append(said, fmt.Sprintf("%s=%s", a.Part, a.Body))
			if err := rpc.SetResponseAttachment(ctx, a); err != nil {
				return "", err
			}
		}
		return strings.Join(said, " "), nil
	})}, opts...)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL, op
}

// TestAttachments: several go and come, one of the same part takes its place, odd names survive.
func TestAttachments(t *testing.T) {
	url, op := attached(t, []string{"a", "b=c"})
	var came []rpc.Attachment
	said, err := rpc.Call(t.Context(), rpc.NewClient(url), op, ask, "x", answer, rpc.ReadAttachments(&came),
		rpc.WithAttachment(rpc.Attachment{Part: "a", Body: []byte("0")}), rpc.WithAttachment(rpc.Attachment{Part: "a", Body: []byte("1")}),
		rpc.WithAttachment(rpc.Attachment{Part: "b=c", ContentType: "text/plain", Body: []byte("2")}))
	if err != nil || said != "a=1 b=c=2" || len(came) != 2 || came[1].Part != "b=c" || came[1].ContentType != "text/plain" || string(came[0].Body) != "1" {
		t.Errorf("%q, %+v, %v", said, came, err)
	}
	for name, opt := range map[string]rpc.Option{"MTOM": rpc.WithMTOM(), "binary": rpc.WithBinary()} {
		if _, err := rpc.Call(t.Context(), rpc.NewClient(url), op, ask, "x", answer, opt, rpc.WithAttachment(rpc.Attachment{Part: "a"})); err == nil || !strings.Contains(err.Error(), "attachments travel beside text") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := rpc.Call(t.Context(), rpc.NewClient(url), op, ask, "x", answer, rpc.WithAttachment(rpc.Attachment{Part: "a", ContentType: "a\r\nb"})); err == nil || !strings.Contains(err.Error(), "header line") {
		t.Errorf("a type that would add a header: %v", err)
	}
	if err := rpc.SetResponseAttachment(t.Context(), rpc.Attachment{}); err == nil {
		t.Error("outside of a request")
	}
}

// TestAttachmentsRefused: messages that are cut, have no root, too many parts or too many bytes.
func TestAttachmentsRefused(t *testing.T) {
	const envelope = `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><Ask xmlns="urn:t">x</Ask></e:Body></e:Envelope>`
	root := "--x\r\nContent-Type: application/soap+xml\r\nContent-ID: <r>\r\n\r\n" + envelope + "\r\n"
	for name, row := range map[string]struct {
		body, start string
		status      int
	}{
		"whole":          {root + "--x--\r\n", "<r>", http.StatusOK},
		"cut":            {root, "<r>", http.StatusBadRequest},
		"no root":        {root + "--x--\r\n", "<other>", http.StatusBadRequest},
		"too many parts": {root + strings.Repeat("--x\r\n\r\n\r\n", 1001) + "--x--\r\n", "<r>", http.StatusBadRequest},
		"too many bytes": {root + "--x\r\n\r\n" + strings.Repeat("y", 1<<16) + "\r\n--x--\r\n", "<r>", http.StatusRequestEntityTooLarge},
	} {
		url, _ := attached(t, nil, rpc.HandleMaxSize(1<<15))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(row.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", `multipart/related; boundary=x; type="application/soap+xml"; start="`+row.start+`"; action="urn:t/Say"`)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if ok := answer.StatusCode == http.StatusOK; ok != (row.status == http.StatusOK) || !ok && !strings.Contains(string(text), "Fault") {
			t.Errorf("%s: %s %s", name, answer.Status, text)
		}
	}
}

// plainOp is an operation without SOAP.
func plainOp(method, location string) *rpc.Operation {
	return &rpc.Operation{Name: "Say", HTTP: &rpc.HTTPBinding{Method: method, Location: location, Replace: strings.Contains(location, "(")}, Body: infoset.Name{Local: "Say"}, Parts: []string{"a", "b"}}
}

// TestPlainClient: what a client makes of answers of an HTTP binding.
func TestPlainClient(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.RequestURI)
		switch r.URL.Path {
		case "/ok":
			_, _ = io.WriteString(w, `<?xml version="1.0"?><?pi?><Answer xmlns="urn:t">fine</Answer>`)
		case "/other":
			_, _ = io.WriteString(w, `<html/>`)
		case "/large":
			_, _ = io.WriteString(w, `<Answer xmlns="urn:t">`+strings.Repeat("x", 1<<12)+`</Answer>`)
		default:
			http.Error(w, "<b>not</b> here", http.StatusNotFound)
		}
	}))
	defer server.Close()
	call := func(path string, opts ...rpc.Option) (string, error) {
		return rpc.CallOut(t.Context(), rpc.NewClient(server.URL+"/", append(opts, rpc.WithMaxSize(1<<10))...), plainOp(http.MethodGet, path), nil, answer)
	}
	if said, err := call("/ok"); err != nil || said != "fine" {
		t.Errorf("%q, %v", said, err)
	}
	for path, want := range map[string]string{"/other": "must stand", "/large": "larger than allowed", "/none": "404 Not Found"} {
		if _, err := call(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if len(asked) != 4 || asked[0] != "GET /ok" {
		t.Errorf("%q", asked)
	}
	nested := func(w infoset.Writer) error {
		w.Start(&infoset.Name{Local: "Say"})
		w.Start(&infoset.Name{Local: "a"})
		w.Start(&infoset.Name{Local: "deep"})
		w.End()
		w.End()
		w.End()
		return w.Err()
	}
	if _, err := rpc.CallOut(t.Context(), rpc.NewClient(server.URL), plainOp(http.MethodGet, "/ok"), nested, answer); err == nil || !strings.Contains(err.Error(), "part a holds elements") {
		t.Errorf("a part that no URL can carry: %v", err)
	}
}

// TestPlainHandler: what a handler of an HTTP binding says to what is not for it.
func TestPlainHandler(t *testing.T) {
	server := httptest.NewServer(rpc.NewHandler([]rpc.Method{rpc.ServeNone(plainOp(http.MethodGet, "/none"), func(context.Context) error { return nil }),
		rpc.ServeNone(plainOp(http.MethodGet, "/x/(a)/of(b)"), func(context.Context) error { panic("hunter2") })}))
	defer server.Close()
	for path, want := range map[string]int{"/deep/none": 200, "/x/1/of2": 500, "/x/1/2": 405, "/x/1": 405, "/x/%zz/of2": 400} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Opaque = "//" + r.URL.Host + path
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != want || strings.Contains(string(text), "hunter2") {
			t.Errorf("%s: %s %s", path, answer.Status, text)
		}
	}
}
