package rpc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/rpc"
	"github.com/causeway-relay/causeway/soap"
)

// errStore is what a method of the tests below fails with.
var errStore = errors.New("the store is full")

// fragile is a handler whose method does what its argument says.
func fragile(opts ...rpc.HandlerOption) *rpc.Handler {
	say, _, _ := operations(soap.V11)
	plain := &rpc.Operation{Name: "Get", HTTP: &rpc.HTTPBinding{Location: "/get", Method: http.MethodGet}, Parts: []string{"a"}, Body: element("Ask")}
	return rpc.NewHandler([]rpc.Method{
		rpc.Serve(say, ask, answer, func(ctx context.Context, in string) (string, error) {
			switch in {
			case "fails":
				return "", errStore
			case "panics":
				panic(errStore)
			case "declared":
				return "", &busy{n: 7}
			case "fault":
				return "", soap.NewFault(soap.Sender, "not like that")
			case "unwritable":
				return "a\x00b", nil
			case "gone":
				return "", ctx.Err()
			}
			return in, nil
		}),
		rpc.ServeNone(plain, func(context.Context) error { return errStore }),
	}, opts...)
}

// say sends a request with a secret in its body, in a header block and in the header of HTTP, and gives the answer's body.
func say(ctx context.Context, h http.Handler, body string) string {
	text := `<e:Envelope xmlns:e="` + soap.Namespace11 + `" xmlns:t="urn:t"><e:Header><t:Token>hunter2</t:Token></e:Header><e:Body>` + body + `</e:Body></e:Envelope>`
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(text))
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", `"urn:t/Say"`)
	r.Header.Set("Authorization", "Basic hunter2")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	b, _ := io.ReadAll(w.Body) // a recorder's does not fail
	return string(b)
}

// record is a line of the log.
type record struct {
	Level     string `json:"level"`
	Msg       string `json:"msg"`
	Operation string `json:"operation"`
	Error     string `json:"error"`
	Stack     string `json:"stack"`
}

// TestLog: what the sender is not told stands in the log, once and with its cause; what it is told does not, nor does anything of a request.
func TestLog(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx   context.Context
		body  string
		want  string // error of the record; "": there is none
		stack bool
	}{
		"served":           {t.Context(), "<t:Ask>x</t:Ask>", "", false},
		"a method's error": {t.Context(), "<t:Ask>fails</t:Ask>", "the store is full", false},
		"a panic":          {t.Context(), "<t:Ask>panics</t:Ask>", "panic: the store is full", true},
		"declared":         {t.Context(), "<t:Ask>declared</t:Ask>", "", false},
		"a fault":          {t.Context(), "<t:Ask>fault</t:Ask>", "", false},
		"not written":      {t.Context(), "<t:Ask>unwritable</t:Ask>", "write the answer: ", false},
		"the sender left":  {gone, "<t:Ask>gone</t:Ask>", "", false},
		"not readable":     {t.Context(), "<t:Ask><t:No>hunter2</t:No></t:Ask>", "", false},
		"no operation":     {t.Context(), "<t:Nothing/>", "", false},
	} {
		var log bytes.Buffer
		h := fragile(rpc.HandleLogger(slog.New(slog.NewJSONHandler(&log, nil))))
		if got := say(c.ctx, h, c.body); strings.Contains(got, errStore.Error()) || got == "" {
			t.Errorf("%s: the sender is told %q", name, got)
		}
		if strings.Contains(log.String(), "hunter2") {
			t.Errorf("%s: the log tells a secret: %s", name, log.String())
		}
		if c.want == "" {
			if log.Len() > 0 {
				t.Errorf("%s: logged %s", name, log.String())
			}
			continue
		}
		var r record
		if err := json.Unmarshal(log.Bytes(), &r); err != nil {
			t.Errorf("%s: %v: %q", name, err, log.String())
		}
		if r.Level != "ERROR" || r.Operation != "Say" || !strings.HasPrefix(r.Error, c.want) || r.Msg == "" || strings.Contains(r.Stack, "fragile") != c.stack {
			t.Errorf("%s: logged %+v", name, r)
		}
	}
}

// TestLogDefault: without an option the program's own log is written, as it is by then, also for operations without SOAP.
func TestLogDefault(t *testing.T) {
	h := fragile()
	var log bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/get?a=hunter2", http.NoBody))
	var r record
	if err := json.Unmarshal(log.Bytes(), &r); err != nil || r.Operation != "Get" || r.Error != errStore.Error() || strings.Contains(log.String(), "hunter2") {
		t.Errorf("%v: logged %s", err, log.String())
	}
}

// TestHandleError: a function in place of the log gets the method's own error and the panic's stack; the log stays empty.
func TestHandleError(t *testing.T) {
	var log bytes.Buffer
	var told error
	h := fragile(rpc.HandleLogger(slog.New(slog.NewTextHandler(&log, nil))), rpc.HandleError(func(operation string, err error) {
		if operation != "Say" {
			t.Errorf("operation %q", operation)
		}
		told = err
	}))
	say(t.Context(), h, "<t:Ask>panics</t:Ask>")
	var p *rpc.PanicError
	if !errors.As(told, &p) || !errors.Is(told, errStore) || !bytes.Contains(p.Stack, []byte("fragile")) || log.Len() > 0 {
		t.Errorf("told %v, logged %q", told, log.String())
	}
	if err := (&rpc.PanicError{Value: "words"}); err.Unwrap() != nil || err.Error() != "panic: words" {
		t.Errorf("%v unwraps to %v", err, err.Unwrap())
	}
}
