package handler_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/internal/handler"
)

// TestCutPrefix: the name goes, whatever its case, where it is a segment; the rest begins with a slash.
func TestCutPrefix(t *testing.T) {
	rows := [][3]string{
		{"/web/a?x=1", "/web", "/a?x=1"}, {"/web", "/web", "/"}, {"/web?x", "/web", "/?x"}, {"/WEB/a", "/web", "/a"}, {"/web//a", "/web", "//a"},
		{"/webs/a", "/web", "/webs/a"}, {"/w", "/web", "/w"}, {"/a/web", "/web", "/a/web"}, {"/web/a", "", "/web/a"}, {"/a/b/c", "/a/b", "/c"},
		{"/%E2%82%AC/x", "/%e2%82%ac", "/x"}, {"", "/web", ""},
	}
	for _, r := range rows {
		if got := handler.CutPrefix(r[0], r[1]); got != r[2] {
			t.Errorf("%q without %q is %q, want %q", r[0], r[1], got, r[2])
		}
	}
}

// request makes a request with a target.
func request(method, target string, fields ...shape.Field) *shape.Request {
	return &shape.Request{Method: method, Hello: shape.Hello{
		Tracking: "t", Target: target, Host: "h:1", Remote: netip.MustParseAddrPort("192.0.2.1:5"),
		Fields: append(shape.Fields{{Name: "Host", Value: "h:1"}}, fields...),
	}}
}

// answer runs a handler and gives what it answered.
func answer(t *testing.T, r *shape.Request, h http.HandlerFunc) (*shape.Response, string) {
	t.Helper()
	x := &handler.Exchanger{Handler: h, Prefix: "/web", Panicked: func(string, error) {}}
	a, err := x.Exchange(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if a.Body == nil {
		return a, ""
	}
	b, err := io.ReadAll(a.Body)
	if err != nil {
		b = append(b, " broken"...)
	}
	if err := a.Body.Close(); err != nil {
		t.Error(err)
	}
	return a, string(b)
}

// TestRequest: what a handler sees of targets as relays write them.
func TestRequest(t *testing.T) {
	for target, want := range map[string]string{
		"/web/a%2Fb?x=%zz": "/a/b|/a%2Fb|x=%zz|/a%2Fb?x=%zz", "/web/a b/\u00fc?x y": "/a b/\u00fc||x y|/a%20b/%C3%BC?x y",
		"/web": "/|||/", "//x/y": "//x/y|||//x/y", "/web/%": "/%|||/%25",
		"/web/a%2Fb c%": "/a/b c%|/a%2Fb%20c%25||/a%2Fb%20c%25",
	} {
		_, got := answer(t, request(http.MethodGet, target, shape.Field{Name: "x-a", Value: "1"}, shape.Field{Name: "X-A", Value: "2"}),
			func(w http.ResponseWriter, r *http.Request) {
				if r.Host != "h:1" || r.Header.Get("Host") != "" || r.RemoteAddr != "192.0.2.1:5" || strings.Join(r.Header["X-A"], ",") != "1,2" || r.Body == nil || r.ContentLength != 0 {
					t.Errorf("%+v", r)
				}
				raw := r.URL.RawPath
				fmt.Fprintf(w, "%s|%s|%s|%s", r.URL.Path, raw, r.URL.RawQuery, r.RequestURI)
			})
		if got != want {
			t.Errorf("%q: %q, want %q", target, got, want)
		}
	}
	x := &handler.Exchanger{Handler: http.NotFoundHandler()}
	if _, err := x.Exchange(t.Context(), request(http.MethodGet, "no path")); !fail.Is(err, fail.BadRequest) {
		t.Errorf("a target that is none: %v", err)
	}
}

// TestWhole: an answer that fits is complete when it is given, one that does not flows.
func TestWhole(t *testing.T) {
	for _, n := range []int{0, 1, 64 << 10, 64<<10 + 1, 1 << 20} {
		a, body := answer(t, request(http.MethodGet, "/web/"), func(w http.ResponseWriter, _ *http.Request) {
			for range n {
				_, _ = w.Write([]byte("x"))
			}
		})
		_, whole := a.Body.(shape.Whole)
		if len(body) != n || whole != (n <= 64<<10) || whole && a.Body.Size() > 0 != (n > 0) {
			t.Errorf("%d bytes: %d, whole %v, size %d", n, len(body), whole, a.Body.Size())
		}
	}
}

// TestAbandoned: when nobody reads any more the handler's writes fail, and Close waits for it.
func TestAbandoned(t *testing.T) {
	var wrote error
	x := &handler.Exchanger{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for wrote == nil {
			_, wrote = w.Write(make([]byte, 1<<10))
		}
		if flush := http.NewResponseController(w).Flush(); flush == nil {
			wrote = errors.New("a flush that nobody hears")
		}
		<-r.Context().Done()
	})}
	a, err := x.Exchange(t.Context(), request(http.MethodGet, "/"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(a.Body, make([]byte, 1<<20)); err != nil {
		t.Error(err)
	}
	_ = a.Body.Close()
	if !fail.Is(wrote, fail.SenderGone) {
		t.Errorf("%v", wrote)
	}
	if _, err := a.Body.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a read behind Close: %v", err)
	}
	ctx, leave := context.WithCancel(t.Context())
	leave()
	x.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	if a, err := x.Exchange(ctx, request(http.MethodGet, "/")); err == nil {
		_ = a.Body.Close() // the handler was faster
	} else if !fail.Is(err, fail.SenderGone) {
		t.Error(err)
	}
}

// TestPanics: the panic's value and stack are told, http.ErrAbortHandler is not.
func TestPanics(t *testing.T) {
	for _, value := range []any{"boom", http.ErrAbortHandler} {
		var told error
		x := &handler.Exchanger{
			Handler:  http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(value) }),
			Panicked: func(tracking string, err error) { told = fmt.Errorf("%s: %w", tracking, err) },
		}
		a, err := x.Exchange(t.Context(), request(http.MethodGet, "/"))
		if err != nil {
			t.Fatal(err)
		}
		if value == "boom" {
			if a.Status != 500 || told == nil || !strings.Contains(told.Error(), "t: the handler panicked: boom") || !strings.Contains(told.Error(), "handler_test.go") {
				t.Errorf("%d %v", a.Status, told)
			}
		} else if a.Status != 502 || told != nil {
			t.Errorf("%d %v", a.Status, told)
		}
	}
}

// TestBadStatus: a handler's mistake is its panic, as with net/http.
func TestBadStatus(t *testing.T) {
	a, _ := answer(t, request(http.MethodGet, "/web/"), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(42) })
	if a.Status != 500 {
		t.Errorf("status %d", a.Status)
	}
}

// TestLocation: only a Location that is a path gets the prefix.
func TestLocation(t *testing.T) {
	for to, want := range map[string]string{"/a": "/web/a", "a": "a", "//host/a": "//host/a", "https://host/a": "https://host/a"} {
		a, _ := answer(t, request(http.MethodGet, "/web/"), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		})
		if got := a.Fields.Get("Location"); got != want || a.Status != http.StatusFound {
			t.Errorf("%d %q, want %q", a.Status, got, want)
		}
	}
}
