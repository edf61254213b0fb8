package hybrid_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// quiet is for servers whose handlers panic on purpose.
var quiet = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)

// suiteCase is one thing that handlers do. make gives the handler and a scenario that says what was seen. differs is what is seen
// through the relay where that is documented to be something else than with net/http; "" is the same.
type suiteCase struct {
	name    string
	make    func(t *testing.T) (http.Handler, func(s *stand) string)
	differs string
}

// suite is the one list of cases that both sides run.
var suite = []suiteCase{
	{name: "plain", make: simple("/a/b%20c?x=1&y=%2F", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Path", r.URL.Path+" "+r.URL.RawQuery+" "+r.RequestURI+" "+r.Proto)
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", Path: "/", Expires: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, "<html>hello")
	})},
	{name: "nothing written", make: simple("/", func(http.ResponseWriter, *http.Request) {})},
	{name: "no content", make: simple("/", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		_, err := w.Write([]byte("x"))
		if !errors.Is(err, http.ErrBodyNotAllowed) {
			panic(err)
		}
	})},
	{name: "no content type", make: simple("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		fmt.Fprint(w, "<html>")
	})},
	{name: "type by pieces", make: simple("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<ht")
		fmt.Fprint(w, "ml>")
	})},
	{name: "header line in two", make: simple("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Two", "one\r\nEvil: two")
		w.Header().Set("X-Late", "1")
		w.WriteHeader(http.StatusOK)
		w.Header().Set("X-Too-Late", "1")
	})},
	{name: "redirect", make: simple("/dir", http.RedirectHandler("/dir/", http.StatusMovedPermanently).ServeHTTP)},
	{name: "hop-by-hop fields", make: simple("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Keep-Alive", "timeout=5")
		w.Header().Set("X-Kept", "1")
	}), differs: "200 OK; X-Kept: 1; body 0 bytes e3b0c442"},
	{name: "head", make: withMethod(http.MethodHead, "/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Repeat("x", 100))
	})},
	{name: "options", make: withMethod(http.MethodOptions, "/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", r.Method)
	})},
	{name: "unknown method", make: withMethod("BREW", "/pot", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Method)
	})},
	{name: "trailers", make: simple("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		fmt.Fprint(w, "body")
		w.Header().Set("X-Sum", "1")
		w.Header().Set(http.TrailerPrefix+"X-Other", "2")
	}), differs: "200 OK; Content-Type: text/plain; charset=utf-8; body 4 bytes 230d8358"},
	{name: "early hints", make: simple("/", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusAccepted)
	})},
	{name: "echo in memory", make: echo(1000)},
	{name: "echo of the limit", make: echo(64 << 10)},
	{name: "echo over the limit", make: echo(64<<10 + 1)},
	{name: "big echo", make: echo(2 << 20)},
	{name: "expect", make: expects},
	{name: "expect refused", make: expectRefused},
	{name: "stream", make: streams},
	{name: "events", make: serverSentEvents},
	{name: "both ways", make: bothWays},
	{name: "slow reader", make: slowReader},
	{name: "slow sender", make: slowSender},
	{name: "panic", make: simple("/", func(http.ResponseWriter, *http.Request) { panic("boom") }), differs: "500 The listener's handler failed. See its log for details; body 0 bytes e3b0c442"},
	{name: "abort", make: simple("/", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), differs: "502 The listener's handler failed. See its log for details; body 0 bytes e3b0c442"},
	{name: "panic in the body", make: panicsLater},
	{name: "less than declared", make: simple("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "part")
	}), differs: "500 The listener's handler failed. See its log for details; body 0 bytes e3b0c442"},
	{name: "more than declared", make: simple("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "4")
		fmt.Fprint(w, "part")
		if _, err := fmt.Fprint(w, "more"); !errors.Is(err, http.ErrContentLength) {
			panic(err)
		}
	})},
	{name: "context", make: contextEnds},
	{name: "write after the sender left", make: writesFail},
	{name: "read deadline", make: readDeadline},
	{name: "write deadline", make: writeDeadline},
	{name: "hijack of a request", make: simple("/", func(w http.ResponseWriter, _ *http.Request) {
		if _, ok := w.(http.Hijacker); ok {
			fmt.Fprint(w, "yes")
			return
		}
		fmt.Fprint(w, "no")
	}), differs: "200 OK; Content-Type: text/plain; charset=utf-8; body 2 bytes 9390298f"},
}

// told makes the transcript of an answer: status, fields that a handler chose, body.
func told(r *http.Response, err error) string {
	if err != nil {
		return "no answer"
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	var b strings.Builder
	_, reason, _ := strings.Cut(r.Status, " ")
	if said := r.Header.Get("X-Reason"); said != "" {
		reason = said
	}
	text, own := untracked(reason)
	switch {
	case own:
		fmt.Fprintf(&b, "%d %s", r.StatusCode, text)
	case r.Header.Get("X-Reason") != "":
		fmt.Fprintf(&b, "%s (%s)", r.Status, reason)
	default:
		b.WriteString(r.Status)
	}
	if own && tellsAgain(r, reason, body) {
		return b.String()
	}
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		switch name {
		case "Date", "Connection", "Via", "X-Reason":
		case "Content-Length":
			if r.Request.Method == http.MethodHead {
				names = append(names, name)
			}
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "; %s: %s", name, strings.Join(r.Header[name], " | "))
	}
	fmt.Fprintf(&b, "; body %d bytes %.8s", len(body), fmt.Sprintf("%x", sha256.Sum256(body)))
	if err != nil {
		b.WriteString(" broken off")
	}
	for name, values := range r.Trailer {
		fmt.Fprintf(&b, "; trailer %s: %s", name, values)
	}
	return b.String()
}

// trackings is what makes reasons of a listener's own answers differ: the id that a person looks for, the listener's address, the time.
var trackings = regexp.MustCompile(`\. TrackingId:[0-9a-f]{8}-[0-9a-f-]{27}(_G\d+)?, Address:https://[a-z]+/[a-z]+, Timestamp:[0-9-]{10}T[0-9:]{8}$`)

// untracked is a reason without them; own: it has them.
func untracked(reason string) (text string, own bool) {
	text = trackings.ReplaceAllString(reason, "")
	return text, text != reason
}

// tellsAgain reports whether the body says what the reason says, for those who see no reasons.
func tellsAgain(r *http.Response, reason string, body []byte) bool {
	var said struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	return r.Header.Get("Content-Type") == "application/json" && json.Unmarshal(body, &said) == nil && said.Error.Code != "" && said.Error.Message == reason
}

// simple is a case of one GET.
func simple(path string, h http.HandlerFunc) func(*testing.T) (http.Handler, func(*stand) string) {
	return withMethod(http.MethodGet, path, h)
}

func withMethod(method, path string, h http.HandlerFunc) func(*testing.T) (http.Handler, func(*stand) string) {
	return func(t *testing.T) (http.Handler, func(*stand) string) {
		return h, func(s *stand) string {
			answer, err := s.client.Transport.RoundTrip(s.request(t, method, path, http.NoBody))
			if err == nil {
				location := answer.Header.Get("Location")
				answer.Header.Set("X-Location", strings.Replace(location, s.prefix(), "", 1))
				answer.Header.Del("Location")
				if location == "" {
					answer.Header.Del("X-Location")
				}
			}
			return told(answer, err)
		}
	}
}

// prefix is the path of base.
func (s *stand) prefix() string {
	_, rest, _ := strings.Cut(s.base, "://")
	_, path, _ := strings.Cut(rest, "/")
	return strings.TrimSuffix("/"+path, "/")
}

func (s *stand) request(t *testing.T, method, path string, body io.Reader) *http.Request {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, s.base+path, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// echo sends bytes there and back.
func echo(n int) func(*testing.T) (http.Handler, func(*stand) string) {
	return func(t *testing.T) (http.Handler, func(*stand) string) {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			w.Header().Set("X-Read", fmt.Sprint(len(body), err))
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(body)
		})
		return h, func(s *stand) string {
			return told(s.client.Do(s.request(t, http.MethodPost, "/", bytes.NewReader(pattern(n)))))
		}
	}
}

// pattern is n bytes that do not repeat soon.
func pattern(n int) []byte { return bytes.Clone(patterns()[:n]) }

// patterns is made once: the race detector makes each byte of it dear.
var patterns = sync.OnceValue(func() []byte {
	b := make([]byte, 2<<20)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
})

// expects: a body whose sender waits to be asked for it.
func expects(t *testing.T) (http.Handler, func(*stand) string) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprint(w, string(body), err)
	})
	return h, func(s *stand) string {
		r := s.request(t, http.MethodPost, "/", strings.NewReader("asked for"))
		r.Header.Set("Expect", "100-continue")
		return told(s.client.Do(r))
	}
}

// expectRefused: a handler that answers without reading.
func expectRefused(t *testing.T) (http.Handler, func(*stand) string) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "too much", http.StatusRequestEntityTooLarge)
	})
	return h, func(s *stand) string {
		r := s.request(t, http.MethodPost, "/", strings.NewReader("not wanted"))
		r.Header.Set("Expect", "100-continue")
		return told(s.client.Do(r))
	}
}

// streams: the head before any body, and each line before the next is written.
func streams(t *testing.T) (http.Handler, func(*stand) string) { return flushes(t, "text/plain") }

// serverSentEvents is the same of a type that never waits to become whole.
func serverSentEvents(t *testing.T) (http.Handler, func(*stand) string) {
	return flushes(t, "text/event-stream")
}

func flushes(t *testing.T, kind string) (http.Handler, func(*stand) string) {
	next := make(chan string)
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		control := http.NewResponseController(w)
		for {
			if err := control.Flush(); err != nil {
				panic(err)
			}
			line, ok := <-next
			if !ok {
				return
			}
			fmt.Fprint(w, line)
		}
	})
	return h, func(s *stand) string {
		answer, err := s.client.Do(s.request(t, http.MethodGet, "/", http.NoBody))
		if err != nil || answer.StatusCode != http.StatusOK {
			close(next)
			return told(answer, err)
		}
		seen := answer.Status + answer.Header.Get("Content-Type")
		for i := range 5 {
			line := fmt.Sprintf("data: %d\n\n", i)
			next <- line
			b := make([]byte, len(line))
			_, err := io.ReadFull(answer.Body, b)
			seen += fmt.Sprintf("%q %v ", b, err)
		}
		close(next)
		return seen + told(answer, nil)
	}
}

// bothWays: the handler answers each piece of the request before the next one is sent.
func bothWays(t *testing.T) (http.Handler, func(*stand) string) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if err := control.EnableFullDuplex(); err != nil {
			panic(err)
		}
		buf := make([]byte, 70<<10)
		for {
			n, err := r.Body.Read(buf)
			_, _ = w.Write(bytes.ToUpper(buf[:n]))
			_ = control.Flush()
			if err != nil {
				return
			}
		}
	})
	return h, func(s *stand) string {
		body, pipe := io.Pipe()
		r := s.request(t, http.MethodPost, "/", body)
		answered := make(chan *http.Response, 1)
		go func() {
			answer, err := s.client.Do(r)
			if err != nil {
				t.Error(err)
			}
			answered <- answer
		}()
		// More than a gateway may keep on a control channel, so that it streams.
		if _, err := pipe.Write(bytes.Repeat([]byte("x"), 66<<10)); err != nil {
			return err.Error()
		}
		answer := <-answered
		if answer == nil {
			return "no answer"
		}
		_, _ = io.CopyN(io.Discard, answer.Body, 66<<10)
		seen := ""
		for i := range 5 {
			fmt.Fprintf(pipe, "line%d", i)
			b := make([]byte, 5)
			_, err := io.ReadFull(answer.Body, b)
			seen += fmt.Sprintf("%s %v ", b, err)
		}
		_ = pipe.Close()
		return seen + told(answer, nil)
	}
}

// slowReader: a handler waits while nobody reads, with a bound on what is on the way, and all arrives.
func slowReader(t *testing.T) (http.Handler, func(*stand) string) {
	var sent, total atomic.Int64
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		piece := pattern(64 << 10)
		for sent.Load() < total.Load() {
			n, err := w.Write(piece)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	return h, func(s *stand) string {
		total.Store(s.flood())
		answer, err := s.client.Do(s.request(t, http.MethodGet, "/", http.NoBody))
		if err != nil || answer.StatusCode != http.StatusOK {
			return told(answer, err)
		}
		defer answer.Body.Close()
		stuck := stands(t, &sent)
		n, err := io.Copy(io.Discard, answer.Body)
		t.Logf("%s: %d KiB on the way", s.name, stuck>>10)
		return fmt.Sprintf("waited %v, then %d bytes too few %v", stuck < s.flood(), s.flood()-n, err)
	}
}

// flood is more than all buffers on the way can hold together: of the system's sockets that is more than ten MiB, of those in memory little.
func (s *stand) flood() int64 {
	if s.inMemory {
		return 2 << 20
	}
	return 24 << 20
}

// stands waits until a counter stands still.
func stands(t *testing.T, n *atomic.Int64) int64 {
	t.Helper()
	for last := int64(-1); ; {
		now := n.Load()
		if now == last && now > 0 {
			return now
		}
		last = now
		pause(t.Context(), 300*time.Millisecond)
	}
}

// slowSender: a sender waits while the handler does not read.
func slowSender(t *testing.T) (http.Handler, func(*stand) string) {
	read := make(chan struct{})
	var came atomic.Int64
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-read
		n, err := io.Copy(io.Discard, r.Body)
		came.Store(n)
		fmt.Fprint(w, err)
	})
	return h, func(s *stand) string {
		var sent atomic.Int64
		r := s.request(t, http.MethodPut, "/", io.NopCloser(&counted{r: io.LimitReader(zeros{}, s.flood()), n: &sent}))
		answered := make(chan string, 1)
		go func() { answered <- told(s.client.Do(r)) }()
		stuck := stands(t, &sent)
		close(read)
		t.Logf("%s: %d KiB on the way", s.name, stuck>>10)
		seen := <-answered
		return fmt.Sprintf("waited %v, then %d bytes too few, %s", stuck < s.flood(), s.flood()-came.Load(), seen)
	}
}

type counted struct {
	r io.Reader
	n *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// panicsLater: the sender sees that an answer is not complete.
func panicsLater(t *testing.T) (http.Handler, func(*stand) string) {
	read := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "part")
		w.(http.Flusher).Flush()
		<-read
		panic("boom")
	})
	return h, func(s *stand) string {
		answer, err := s.client.Do(s.request(t, http.MethodGet, "/", http.NoBody))
		if err != nil || answer.StatusCode != http.StatusOK {
			return told(answer, err)
		}
		b := make([]byte, 4)
		_, err = io.ReadFull(answer.Body, b)
		close(read)
		return fmt.Sprint(string(b), err, told(answer, nil))
	}
}

// contextEnds: a handler hears that its sender left, with nothing written and behind a flush.
func contextEnds(t *testing.T) (http.Handler, func(*stand) string) {
	began, ended := make(chan struct{}), make(chan error, 1)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/flush" {
			w.(http.Flusher).Flush()
		}
		close(began)
		<-r.Context().Done()
		ended <- r.Context().Err()
	})
	return h, func(s *stand) string {
		seen := ""
		for _, path := range []string{"/", "/flush"} {
			ctx, leave := context.WithCancel(t.Context())
			r := s.request(t, http.MethodGet, path, http.NoBody)
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				_ = told(s.client.Do(r.WithContext(ctx)))
			}()
			select {
			case <-began:
			case <-gone:
				leave()
				return "answered"
			}
			leave()
			seen += fmt.Sprint(<-ended, " ")
			<-gone
			began = make(chan struct{})
		}
		return seen
	}
}

// writesFail: a handler that writes and never looks at its context ends too.
func writesFail(t *testing.T) (http.Handler, func(*stand) string) {
	ended := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		for {
			if _, err := w.Write(make([]byte, 32<<10)); err != nil {
				return
			}
		}
	})
	return h, func(s *stand) string {
		answer, err := s.client.Do(s.request(t, http.MethodGet, "/", http.NoBody))
		if err != nil || answer.StatusCode != http.StatusOK {
			return told(answer, err)
		}
		_, _ = io.CopyN(io.Discard, answer.Body, 1<<20)
		_ = answer.Body.Close()
		<-ended
		return "ended"
	}
}

// readDeadline: a read of a body that does not come ends.
func readDeadline(t *testing.T) (http.Handler, func(*stand) string) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadFull(r.Body, make([]byte, 66<<10)); err != nil {
			panic(err)
		}
		if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			panic(err)
		}
		_, err := r.Body.Read(make([]byte, 1))
		fmt.Fprint(w, errors.Is(err, os.ErrDeadlineExceeded))
	})
	return h, func(s *stand) string {
		body, pipe := io.Pipe()
		defer pipe.Close()
		r := s.request(t, http.MethodPost, "/", body)
		go func() { _, _ = pipe.Write(make([]byte, 66<<10)) }()
		return told(s.client.Do(r))
	}
}

// writeDeadline: a write that nobody takes ends.
func writeDeadline(t *testing.T) (http.Handler, func(*stand) string) {
	ended := make(chan error, 1)
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		control := http.NewResponseController(w)
		for {
			if err := control.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
				panic(err)
			}
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				ended <- err
				return
			}
		}
	})
	return h, func(s *stand) string {
		answer, err := s.client.Do(s.request(t, http.MethodGet, "/", http.NoBody))
		if err != nil || answer.StatusCode != http.StatusOK {
			return told(answer, err)
		}
		defer answer.Body.Close()
		var timeout net.Error
		err = <-ended
		return fmt.Sprint(errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout())
	}
}
