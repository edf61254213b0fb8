package front

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/internal/netx"
)

// handlers are what ordinary handlers do with a ResponseWriter. They must behave the same on net/http's server and on ours.
var handlers = map[string]http.HandlerFunc{
	"nothing":      func(http.ResponseWriter, *http.Request) {},
	"text":         func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") },
	"html":         func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html><body>x</body></html>") },
	"empty write":  func(w http.ResponseWriter, r *http.Request) { w.Write(nil) },
	"status":       func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(418); io.WriteString(w, "tea") },
	"odd status":   func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(799) },
	"twice":        func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(201); w.WriteHeader(500) },
	"no content":   func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204); checkErr(w.Write([]byte("x"))) },
	"not modified": notModified,
	"error":        func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", 404) },
	"redirect":     func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/there", 302) },
	"json": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}")
	},
	"no type": func(w http.ResponseWriter, r *http.Request) { w.Header()["Content-Type"] = nil; io.WriteString(w, "x") },
	"encoded": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		io.WriteString(w, "x")
	},
	"own date":    func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Date", "today"); io.WriteString(w, "x") },
	"repeated":    func(w http.ResponseWriter, r *http.Request) { w.Header()["X-A"] = []string{"1", "2", ""} },
	"odd values":  func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-A", " a\r\nB: c ") },
	"late header": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200); w.Header().Set("X-Late", "1") },
	"kept map": func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		w.WriteHeader(200)
		h.Set("X-Late", "1")
	},
	"2048":        func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, repeat("a", 2048)) },
	"2049":        func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, repeat("a", 2049)) },
	"small steps": func(w http.ResponseWriter, r *http.Request) { steps(w, 3000, 7) },
	"large":       func(w http.ResponseWriter, r *http.Request) { steps(w, 64, 10<<10) },
	"bytes":       func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 100<<10)) },
	"length": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "5")
		io.WriteString(w, "hello")
	},
	"length, large": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "70000")
		steps(w, 70, 1000)
	},
	"too much": tooMuch,
	"too little": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "9")
		io.WriteString(w, "hello")
	},
	"own coding": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Transfer-Encoding", "chunked")
		steps(w, 3, 2000)
	},
	"flush": func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "a")
		w.(http.Flusher).Flush()
		io.WriteString(w, "b")
	},
	"flush first":  func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); io.WriteString(w, "b") },
	"flush, empty": func(w http.ResponseWriter, r *http.Request) { http.NewResponseController(w).Flush() },
	"close": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, "x")
	},
	"early hints": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</x>")
		w.WriteHeader(103)
		io.WriteString(w, "x")
	},
	"read all": readAll,
	"read ten": func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.ReadFull(r.Body, make([]byte, 10))
		fmt.Fprint(w, n)
	},
	"close body": func(w http.ResponseWriter, r *http.Request) {
		r.Body.Close()
		_, err := r.Body.Read(make([]byte, 1))
		fmt.Fprint(w, err)
	},
	"read late": func(w http.ResponseWriter, r *http.Request) {
		steps(w, 3, 2000)
		b, err := io.ReadAll(r.Body)
		fmt.Fprint(w, len(b), err)
	},
	"full duplex":   fullDuplex,
	"abort":         func(w http.ResponseWriter, r *http.Request) { steps(w, 2, 5000); panic(http.ErrAbortHandler) },
	"abort at once": func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
	"request":       request,
	"form":          form,
	"mux":           mux.ServeHTTP,
	"time-out":      http.TimeoutHandler(http.HandlerFunc(readAll), time.Minute, "late").ServeHTTP,
}

var mux = func() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /get/{id}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.PathValue("id")) })
	m.HandleFunc("/tree/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })
	return m
}()

func checkErr(n int, err error) {
	if n != 0 || err == nil {
		panic("a body was taken where none may be")
	}
}

func notModified(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Length", "7")
	w.Header().Set("Etag", `"1"`)
	w.WriteHeader(http.StatusNotModified)
}

func steps(w http.ResponseWriter, n, size int) {
	for range n {
		w.Write([]byte(repeat("s", size)))
	}
}

func tooMuch(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "5")
	io.WriteString(w, "hello")
	if _, err := io.WriteString(w, "more"); !errors.Is(err, http.ErrContentLength) {
		panic(err)
	}
}

func readAll(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%d bytes %x, %v", len(b), sum(b), err)
}

func sum(b []byte) (n uint32) {
	for _, x := range b {
		n = n*31 + uint32(x)
	}
	return n
}

func fullDuplex(w http.ResponseWriter, r *http.Request) {
	if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
		panic(err)
	}
	steps(w, 2, 5000)
	b, err := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%d %v", len(b), err)
}

// request shows all of what a handler sees.
func request(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s %s %v %d.%d\n", r.Method, r.RequestURI, r.Proto, r.URL, r.ProtoMajor, r.ProtoMinor)
	fmt.Fprintf(w, "%q %d %v %t %t\n", r.Host, r.ContentLength, r.TransferEncoding, r.TLS == nil, r.Body == http.NoBody)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(w, "%s: %q\n", name, r.Header[name])
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	_, local := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	fmt.Fprintln(w, host, err, local, r.Context().Err(), r.Close)
}

func form(w http.ResponseWriter, r *http.Request) {
	err := r.ParseForm()
	fmt.Fprint(w, r.Form, err)
}

// skipped are pairs that may differ: a connection that is cut over unread bytes may lose what was sent before, and an HTTP/1.0
// client does not understand 103.
var skipped = map[string][]string{
	"abort":       {"post 300k", "chunks 300k", "continue"},
	"early hints": {"1.0", "1.0 kept", "1.0 head"},
}

// requests are put to every handler, each list on one connection.
var requests = map[string][]string{
	"get":         {get("/")},
	"head":        {"HEAD / HTTP/1.1\r\nHost: gw\r\n\r\n", get("/next")},
	"twice":       {get("/a"), get("/b?x=1")},
	"close":       {"GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n", get("/never")},
	"1.0":         {"GET / HTTP/1.0\r\n\r\n", get("/never")},
	"1.0 kept":    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", get("/next")},
	"1.0 head":    {"HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", get("/next")},
	"absolute":    {"GET http://other:81/path?q HTTP/1.1\r\nHost: other:81\r\nX: a\r\nx: b\r\n\r\n"},
	"fields":      {"GET /get/7 HTTP/1.1\r\nHost: gw:80\r\naCCEPT: */*\r\nAccept: x\r\nEmpty:\r\nCookie: a=b\r\nConnection: x, y\r\n\r\n"},
	"post":        {post("hello"), get("/next")},
	"post empty":  {post(""), get("/next")},
	"post 200k":   {post(repeat("p", 200<<10)), get("/next")},
	"post 300k":   {post(repeat("p", 300<<10)), get("/next")},
	"chunked":     {chunks("hello", "world"), get("/next")},
	"chunks 100k": {chunks(repeat("c", 60<<10), repeat("d", 40<<10)), get("/next")},
	"chunks 300k": {chunks(repeat("c", 150<<10), repeat("d", 150<<10)), get("/next")},
	"chunks none": {chunks(), get("/next")},
	"form": {
		"POST /f?a=1 HTTP/1.1\r\nHost: gw\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\nb=2&c=3", get("/next"),
	},
	"continue": {"POST / HTTP/1.1\r\nHost: gw\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", get("/next")},
	"options":  {"OPTIONS * HTTP/1.1\r\nHost: gw\r\n\r\n", get("/next")},
	"connect":  {"CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n"},
	"query":    {"GET /tree/%41%2f/?q=%zz&x={}|^ HTTP/1.1\r\nHost: gw\r\n\r\n", get("/tree")},
}

func get(target string) string { return "GET " + target + " HTTP/1.1\r\nHost: gw\r\n\r\n" }

func post(body string) string {
	return "POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

func chunks(parts ...string) string {
	var b strings.Builder
	b.WriteString("PUT / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n")
	for _, p := range parts {
		fmt.Fprintf(&b, "%x;ext=1\r\n%s\r\n", len(p), p)
	}
	return b.String() + "0\r\n\r\n"
}

// TestParity runs every handler with every request on both servers and compares what the client sees.
func TestParity(t *testing.T) {
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			ours := open(t, func(p *Params) { p.Handler = handler })
			theirs := openStandard(t, handler)
			for label, list := range requests {
				if slices.Contains(skipped[name], label) {
					continue
				}
				want := exchange(t, theirs, list)
				got := exchange(t, ours.net, list)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: net/http (-), ours (+)\n%s", label, diff)
				}
			}
		})
	}
}

// openStandard is net/http's server on a network of its own.
func openStandard(t *testing.T, handler http.Handler) *netx.Network {
	t.Helper()
	n := netx.New()
	l, err := n.Listen("gw:80")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // handlers here do what it warns of
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Close()
		<-done
	})
	return n
}

// told is one response as a client understands it.
type told struct {
	Status, Body string
	Header       http.Header
	Length       int64
	Coding       []string
	Close        bool
	Err          string
}

// exchange sends one request after the other and reads the answers until the connection ends or the last is answered.
func exchange(t *testing.T, n *netx.Network, list []string) (all []told) {
	t.Helper()
	c, err := n.Host("client").DialContext(t.Context(), "tcp", "gw:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for _, request := range list {
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			io.WriteString(c, request) // a server that ends early is part of the test
		}()
		method, _, _ := strings.Cut(request, " ")
		answers, again := hear(r, method)
		all = append(all, answers...)
		if !again {
			c.Close()
		}
		<-sent
		if !again {
			break
		}
	}
	return all
}

// hear reads the answers to one request: any number of 1xx and a final one.
func hear(r *bufio.Reader, method string) (all []told, again bool) {
	for {
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return append(all, told{Err: "no answer"}), false
		}
		b, err := io.ReadAll(resp.Body)
		one := told{
			Status: resp.Status, Body: string(b), Header: resp.Header, Length: resp.ContentLength,
			Coding: resp.TransferEncoding, Close: resp.Close, Err: fmt.Sprint(err),
		}
		if resp.Close {
			one.Header.Del("Connection") // said by the version alone in net/http's answer to 1.0
		}
		if one.Header.Get("Date") != "today" {
			one.Header.Del("Date")
		}
		all = append(all, one)
		if resp.StatusCode >= 200 {
			return all, err == nil && !resp.Close
		}
	}
}
