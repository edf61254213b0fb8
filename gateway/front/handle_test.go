package front

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/http1"
)

const upgrade = "GET /ws HTTP/1.1\r\nHost: gw\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

func TestPipelining(t *testing.T) {
	w := open(t, nil)
	var b strings.Builder
	for i := range 50 {
		fmt.Fprintf(&b, "GET /%d HTTP/1.1\r\nHost: gw\r\n\r\n", i)
		b.WriteString(post(fmt.Sprint("body ", i)))
		b.WriteString(chunks("c", fmt.Sprint(i)))
	}
	for _, c := range []net.Conn{w.dial(t, "80"), w.dialTLS(t)} {
		go io.WriteString(c, b.String())
		r := bufio.NewReader(c)
		for i := range 50 {
			for _, want := range []string{fmt.Sprintf(`GET /%d ""`, i), fmt.Sprintf(`POST / "body %d"`, i), fmt.Sprintf(`PUT / "c%d"`, i)} {
				if _, body := answer(t, r, "GET"); body != want {
					t.Fatalf("body %q, want %q", body, want)
				}
			}
		}
		c.Close()
	}
}

// TestContinue looks at when the 100 leaves: at the first read, and only then.
func TestContinue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := make(chan bool)
		w := open(t, func(p *Params) {
			p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if <-read {
					echo(w, r)
				}
			})
		})
		const head = "POST / HTTP/1.1\r\nHost: gw\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
		c := w.dial(t, "80")
		send(t, c, head)
		synctest.Wait()
		c.SetReadDeadline(time.Now().Add(time.Second))
		if n, err := c.Read(make([]byte, 1)); n != 0 || !timeout(err) {
			t.Fatal("a 100 came before the handler read")
		}
		c.SetReadDeadline(time.Time{})
		read <- true
		got := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "HTTP/1.1 100 Continue\r\n\r\n" {
			t.Fatalf("%q %v", got, err)
		}
		send(t, c, "hello")
		r := bufio.NewReader(c)
		if resp, body := answer(t, r, "POST"); body != `POST / "hello"` || resp.Close {
			t.Errorf("%v %q", resp, body)
		}
		// A handler that does not want the body: no 100, and the connection ends, because the body may or may not follow.
		send(t, c, head)
		read <- false
		if resp, _ := answer(t, r, "POST"); resp.StatusCode != 200 || !resp.Close {
			t.Errorf("%v", resp)
		}
		ended(t, r)
	})
}

func TestPanic(t *testing.T) {
	w := open(t, func(p *Params) {
		p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/held":
				io.WriteString(w, "half an answer that nobody has seen")
			case "/sent":
				io.WriteString(w, "half")
				w.(http.Flusher).Flush()
			}
			panic("broken")
		})
	})
	checkRefusal(t, ask(t, w.dial(t, "80"), get("/")), 500, fail.Internal)
	checkRefusal(t, ask(t, w.dialTLS(t), get("/held")), 500, fail.Internal)
	if got := ask(t, w.dial(t, "80"), get("/sent")); statusOf(got) != "200" || !strings.HasSuffix(got, "4\r\nhalf\r\n") {
		t.Errorf("an answer that had begun became %q", got)
	}
	got := ask(t, w.dial(t, "80"), strings.Replace(get("/"), "GET", "HEAD", 1))
	if statusOf(got) != "500" || !strings.HasSuffix(got, "\r\n\r\n") {
		t.Errorf("HEAD was answered %q", got)
	}
	w.seen.mu.Lock()
	defer w.seen.mu.Unlock()
	if len(w.seen.panicked) != 4 || !strings.HasSuffix(w.seen.panicked[0], "broken") {
		t.Errorf("the hook saw %q", w.seen.panicked)
	}
	if !strings.HasPrefix(w.seen.panicked[0], w.seen.refused[0].Tracking) {
		t.Errorf("log %q and answer %q cannot be matched", w.seen.panicked[0], w.seen.refused[0].Tracking)
	}
}

// TestGoexit ends the handler's goroutine as a failing test does: the connection ends, the server does not.
func TestGoexit(t *testing.T) {
	w := open(t, func(p *Params) {
		p.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { runtime.Goexit() })
	})
	for range 2 {
		if got := ask(t, w.dial(t, "80"), get("/")); got != "" {
			t.Errorf("answered %q", got)
		}
	}
}

// TestPeerLeaves wants the context to end with the peer, also when it leaves after its body was read, and to say why.
func TestPeerLeaves(t *testing.T) {
	for name, request := range map[string]string{"get": get("/"), "post": post("hello"), "chunked": chunks("a", "b")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cause := make(chan error, 1)
				w := open(t, func(p *Params) {
					p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						io.Copy(io.Discard, r.Body)
						<-r.Context().Done()
						cause <- context.Cause(r.Context())
					})
				})
				for _, c := range []net.Conn{w.dial(t, "80"), w.dialTLS(t)} {
					send(t, c, request)
					synctest.Wait()
					select {
					case err := <-cause:
						t.Fatalf("ended early: %v", err)
					default:
					}
					c.Close()
					if err := <-cause; !fail.Is(err, fail.SenderGone) {
						t.Errorf("cause %v", err)
					}
				}
			})
		})
	}
}

// TestContextEndsWithTheRequest and no sooner.
func TestContextEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		w := open(t, func(p *Params) {
			p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				kept = r.Context()
				if kept.Err() != nil {
					t.Error("over before it began")
				}
			})
		})
		c := w.dial(t, "80")
		send(t, c, get("/"))
		answer(t, bufio.NewReader(c), "GET")
		synctest.Wait()
		if kept.Err() == nil {
			t.Error("the context lives on after the answer")
		}
	})
}

// TestNextRequestDuringHandler sends the second request while the first is worked on: the watch reads its first byte.
func TestNextRequestDuringHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		step := make(chan struct{})
		w := open(t, func(p *Params) {
			p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				<-step
				if r.Context().Err() != nil {
					t.Error("a request is no farewell")
				}
				echo(w, r)
			})
		})
		for _, c := range []net.Conn{w.dial(t, "80"), w.dialTLS(t)} {
			r := bufio.NewReader(c)
			for i := range 5 {
				send(t, c, get(fmt.Sprint("/", i)))
				synctest.Wait()
			}
			for i := range 5 {
				step <- struct{}{}
				if _, body := answer(t, r, "GET"); body != fmt.Sprintf(`GET /%d ""`, i) {
					t.Errorf("answer %d: %q", i, body)
				}
			}
			c.Close()
		}
	})
}

// TestBodyBreaks gives the handler the codec's error, or the early end, and closes the connection.
func TestBodyBreaks(t *testing.T) {
	errs := make(chan error, 1)
	w := open(t, func(p *Params) {
		p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			errs <- err
			_, again := r.Body.Read(make([]byte, 1))
			if !errors.Is(again, err) {
				t.Errorf("then %v, before %v", again, err)
			}
			w.WriteHeader(http.StatusBadRequest)
		})
	})
	broken := strings.Replace(chunks("hello"), "5;ext", "0x5;ext", 1)
	got := ask(t, w.dial(t, "80"), broken)
	var fault *http1.Error
	if err := <-errs; !errors.As(err, &fault) || statusOf(got) != "400" || !strings.Contains(got, "Connection: close") {
		t.Errorf("error %v, answer %q", err, got)
	}
	for _, cut := range []string{post("hello"), chunks("hello")} {
		c := w.dial(t, "80")
		send(t, c, cut[:len(cut)-3])
		c.(interface{ CloseWrite() error }).CloseWrite()
		b, _ := io.ReadAll(c)
		if err := <-errs; !errors.Is(err, io.ErrUnexpectedEOF) || statusOf(string(b)) != "400" {
			t.Errorf("error %v, answer %q", err, b)
		}
	}
}

// TestBodyMustGoOn: a body may take as long as it likes while it moves, and 60 s when it does not.
func TestBodyMustGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := make(chan error, 1)
		w := open(t, func(p *Params) {
			p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, err := io.ReadAll(r.Body)
				errs <- err
			})
		})
		c := w.dial(t, "80")
		send(t, c, "POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 20\r\n\r\n")
		for range 19 {
			<-time.After(50 * time.Second)
			send(t, c, "x")
		}
		start := time.Now()
		if err := <-errs; !timeout(err) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(start); took < 58*time.Second || took > 60*time.Second {
			t.Errorf("gave up after %v, want 60 s", took)
		}
	})
}

// TestPeerDoesNotRead: a write that makes no progress fails after 60 s and the connection is closed.
func TestPeerDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := make(chan error, 1)
		w := open(t, func(p *Params) {
			p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for {
					if _, err := w.Write(make([]byte, 64<<10)); err != nil {
						errs <- err
						return
					}
				}
			})
		})
		start := time.Now()
		send(t, w.dial(t, "80"), get("/"))
		if err := <-errs; !timeout(err) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(start); took != 60*time.Second {
			t.Errorf("gave up after %v, want 60 s", took)
		}
	})
}

// TestHandlersOwnDeadlines replace the moving ones.
func TestHandlersOwnDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, func(p *Params) {
			p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rc := http.NewResponseController(w)
				start := time.Now()
				if err := rc.SetReadDeadline(start.Add(3 * time.Second)); err != nil {
					t.Error(err)
				}
				if _, err := io.ReadAll(r.Body); !timeout(err) || time.Since(start) != 3*time.Second {
					t.Errorf("read: %v after %v", err, time.Since(start))
				}
				start = time.Now()
				if err := rc.SetWriteDeadline(start.Add(200 * time.Second)); err != nil {
					t.Error(err)
				}
				var err error
				for err == nil {
					_, err = w.Write(make([]byte, 64<<10))
				}
				if !timeout(err) || time.Since(start) != 200*time.Second {
					t.Errorf("write: %v after %v", err, time.Since(start))
				}
			})
		})
		c := w.dial(t, "80")
		send(t, c, "POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 20\r\n\r\nabc")
		<-time.After(300 * time.Second)
		c.Close()
	})
}

// TestReadAfterHandler leaves a goroutine behind that reads the body: the connection does not wait for it.
func TestReadAfterHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := make(chan error, 1)
		w := open(t, func(p *Params) {
			p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.NewResponseController(w).EnableFullDuplex()
				w.(http.Flusher).Flush()
				go func() {
					_, err := io.ReadAll(r.Body)
					read <- err
				}()
				synctest.Wait()
			})
		})
		c := w.dial(t, "80")
		start := time.Now()
		send(t, c, "POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 20\r\n\r\nabc")
		r := bufio.NewReader(c)
		answer(t, r, "POST")
		if err := <-read; err == nil {
			t.Error("the body came to an end that it did not have")
		}
		c.Close()
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("waited %v for it", took)
		}
	})
}

func TestLateWriter(t *testing.T) {
	kept := make(chan http.ResponseWriter, 1)
	w := open(t, func(p *Params) {
		p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { kept <- w })
	})
	ask(t, w.dial(t, "80"), "GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n")
	late := <-kept
	if _, err := late.Write([]byte("x")); err == nil {
		t.Error("a handler that has returned may write")
	}
	if err := http.NewResponseController(late).Flush(); err == nil {
		t.Error("a handler that has returned may flush")
	}
	if _, _, err := http.NewResponseController(late).Hijack(); err == nil {
		t.Error("a handler that has returned may hijack")
	}
}

// TestHijack hands over what was read behind the request, in the reader, and nothing there when nothing was.
func TestHijack(t *testing.T) {
	for name, behind := range map[string]string{"none": "", "some": "early bytes", "many": repeat("m", 3000)} {
		t.Run(name, func(t *testing.T) {
			looked := make(chan struct{}, 1)
			w := open(t, func(p *Params) {
				p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					c, rw, err := http.NewResponseController(w).Hijack()
					if err != nil {
						t.Error(err)
						return
					}
					defer c.Close()
					if n := rw.Reader.Buffered(); n > len(behind) || n == 0 && behind != "" {
						t.Errorf("%d bytes are buffered of %d", n, len(behind))
					}
					looked <- struct{}{}
					if _, err := w.Write(nil); !errors.Is(err, http.ErrHijacked) {
						t.Errorf("write: %v", err)
					}
					if _, _, err := w.(http.Hijacker).Hijack(); !errors.Is(err, http.ErrHijacked) {
						t.Errorf("hijacked twice: %v", err)
					}
					line, err := rw.ReadString('\n')
					if err != nil {
						t.Error(err)
					}
					fmt.Fprintf(rw, "got %s", line)
					rw.Flush()
				})
			})
			for _, c := range []net.Conn{w.dial(t, "80"), w.dialTLS(t)} {
				send(t, c, upgrade+behind)
				<-looked
				send(t, c, "and later\n")
				b, err := io.ReadAll(c)
				if err != nil || string(b) != "got "+behind+"and later\n" {
					t.Errorf("%q %v", b, err)
				}
			}
		})
	}
}

// TestHijackAfterWatch takes the connection while the watch reads it and has a byte already.
func TestHijackAfterWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, func(p *Params) {
			p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				<-time.After(time.Second)
				c, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				if rw.Reader.Buffered() != 1 {
					t.Errorf("%d bytes are buffered, want the one that the watch took", rw.Reader.Buffered())
				}
				b := make([]byte, 5)
				io.ReadFull(rw, b)
				<-time.After(10 * time.Minute) // no deadline of the server's is left
				c.Write(b)
			})
		})
		c := w.dial(t, "80")
		send(t, c, upgrade)
		synctest.Wait()
		if got := ask(t, c, "hello"); got != "hello" {
			t.Errorf("%q", got)
		}
	})
}

// TestHijackAfterFlush keeps what the handler wrote before.
func TestHijackAfterFlush(t *testing.T) {
	w := open(t, func(p *Params) {
		p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Upgrade", "x")
			w.Header().Set("Connection", "Upgrade")
			w.WriteHeader(http.StatusSwitchingProtocols)
			w.(http.Flusher).Flush()
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(c, "raw")
			c.Close()
		})
	})
	got := ask(t, w.dial(t, "80"), upgrade)
	if statusOf(got) != "101" || !strings.HasSuffix(got, "\r\n\r\nraw") || !strings.Contains(got, "Connection: Upgrade\r\n") {
		t.Errorf("%q", got)
	}
}

// TestGorilla runs an independent WebSocket server over the adapter.
func TestGorilla(t *testing.T) {
	w := open(t, func(p *Params) {
		p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			up := websocket.Upgrader{}
			c, err := up.Upgrade(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for {
				kind, b, err := c.ReadMessage()
				if err != nil {
					return
				}
				if err := c.WriteMessage(kind, b); err != nil {
					t.Error(err)
				}
			}
		})
	})
	for _, conn := range []net.Conn{w.dial(t, "80"), w.dialTLS(t)} {
		d := websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}
		c, resp, err := d.Dial("ws://gw/x", nil)
		if err != nil {
			t.Fatal(err, resp)
		}
		for _, size := range []int{0, 1, 125, 126, 4096, 65536, 1 << 20} {
			want := repeat("w", size)
			if err := c.WriteMessage(websocket.BinaryMessage, []byte(want)); err != nil {
				t.Fatal(err)
			}
			if _, got, err := c.ReadMessage(); err != nil || string(got) != want {
				t.Fatalf("%d bytes: %v", size, err)
			}
		}
		c.Close()
	}
}

// TestOddAnswers are the places where we mean to differ from net/http.
func TestOddAnswers(t *testing.T) {
	w := open(t, func(p *Params) {
		p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/status":
				w.WriteHeader(7)
			case "/length":
				w.Header().Set("Content-Length", "-5")
				io.WriteString(w, "hello")
			case "/nul":
				w.Header().Set("X-A", "a\x00b\r\nEvil: c")
				w.Header()["Bad Name"] = []string{"x"}
			case "/trailer":
				w.Header().Set("Trailer", "X-T")
				io.WriteString(w, "x")
				w.Header().Set("X-T", "1")
				w.Header().Set(http.TrailerPrefix+"X-U", "1")
			case "/hints":
				w.WriteHeader(http.StatusEarlyHints)
			}
		})
	})
	end := " HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n"
	for path, wants := range map[string][]string{
		"/status":  {"HTTP/1.1 500 Internal Server Error\r\n"},
		"/length":  {"Content-Length: 5\r\n", "\r\n\r\nhello"},
		"/nul":     {"X-A: a b  Evil: c\r\n"},
		"/trailer": {"Content-Length: 1\r\n", "\r\n\r\nx"},
		"/hints":   {"HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
	} {
		got := ask(t, w.dial(t, "80"), "GET "+path+end)
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q lacks %q", path, got, want)
			}
		}
		for _, never := range []string{"Bad Name", "\r\nEvil", "Trailer", "X-T", "X-U"} {
			if strings.Contains(got, never) {
				t.Errorf("%s: %q has %q", path, got, never)
			}
		}
	}
	if got := ask(t, w.dial(t, "80"), "GET /hints HTTP/1.0\r\n\r\n"); statusOf(got) != "200" {
		t.Errorf("an HTTP/1.0 client was sent %q", got)
	}
}

func TestHandlersSeeTLS(t *testing.T) {
	w := open(t, func(p *Params) {
		p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.TLS == nil {
				io.WriteString(w, "plain")
				return
			}
			fmt.Fprint(w, r.TLS.HandshakeComplete, r.TLS.ServerName)
		})
	})
	if got := ask(t, w.dial(t, "80"), "GET / HTTP/1.0\r\n\r\n"); !strings.HasSuffix(got, "plain") {
		t.Errorf("%q", got)
	}
	if got := ask(t, w.dialTLS(t), "GET / HTTP/1.0\r\n\r\n"); !strings.HasSuffix(got, "truegw") {
		t.Errorf("%q", got)
	}
}

// TestTimeoutIsOSs makes sure that handlers can tell a deadline from a loss as everywhere else.
func TestTimeoutIsOSs(t *testing.T) {
	if !timeout(&net.OpError{Err: os.ErrDeadlineExceeded}) || timeout(io.EOF) {
		t.Error("timeout does not look at os.ErrDeadlineExceeded")
	}
}
