package hybrid_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
)

// exchanger is a function as a shape.Exchanger.
type exchanger func(context.Context, *shape.Request) (*shape.Response, error)

func (f exchanger) Exchange(ctx context.Context, r *shape.Request) (*shape.Response, error) {
	return f(ctx, r)
}

// text is a body of an answer that notes how often it is closed.
type text struct {
	io.Reader
	size   int64
	closed *atomic.Int32
}

func newText(s string) *text { return &text{strings.NewReader(s), int64(len(s)), new(atomic.Int32)} }

func (b *text) Size() int64  { return b.size }
func (b *text) Close() error { b.closed.Add(1); return nil }

// answering is a fake gateway with a listener that answers by an exchanger.
type answering struct {
	*httpFake
	t      *testing.T
	l      *hybrid.Listener
	client *http.Client
	heard  events
}

func answers(t *testing.T, x exchanger, options ...hybrid.ListenOption) *answering {
	t.Helper()
	f := newFake(t)
	a := &answering{httpFake: newHTTPFake(f), t: t, heard: newEvents()}
	a.agent = "cancel"
	var err error
	options = append([]hybrid.ListenOption{hybrid.WithExchanger(x), a.heard.option(), hybrid.WithBackoff(time.Hour)}, options...)
	if a.l, err = f.listen(options...); err != nil {
		t.Fatal(err)
	}
	a.pushed(t.Context())
	transport := &http.Transport{TLSClientConfig: f.trust, DisableCompression: true, DialContext: f.net.Host("outside").DialContext}
	a.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		a.l.Close()
		f.close()
	})
	return a
}

// ask sends a request and gives the transcript of its answer.
func (a *answering) ask(method, path string, body io.Reader) string {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), 3*patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "https://gateway/hyco"+path, body)
	if err != nil {
		a.t.Fatal(err)
	}
	seen := told(a.client.Do(r))
	return strings.TrimSuffix(seen, "; body 0 bytes e3b0c442")
}

// TestExchangerFidelity: what the exchanger sees is what came, what it says is what leaves.
func TestExchangerFidelity(t *testing.T) {
	a := answers(t, func(_ context.Context, r *shape.Request) (*shape.Response, error) {
		seen := []string{r.Method, r.Target, r.Host, r.Remote.String()}
		for _, f := range r.Fields {
			if strings.HasPrefix(f.Name, "X-") {
				seen = append(seen, f.Name+"="+f.Value)
			}
		}
		b, err := io.ReadAll(r.Body)
		seen = append(seen, string(b), fmt.Sprint(err), fmt.Sprint(r.Body.Size()))
		fields := shape.Fields{{Name: "x-LOWER", Value: strings.Join(seen, ",")}, {Name: "Set-Cookie", Value: "a=1; Path=/"}, {Name: "set-cookie", Value: "b=2"}}
		return &shape.Response{Status: 450, Reason: "Blocked by !#$%&*+-.^_`~*|\"'(){}[]<>=/,:;@", Fields: fields}, nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "PATCH", "https://gateway/hyco/a%2Fb//c?x=%zz&y", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header["X-ODD-case"] = []string{"1"}
	got := told(a.client.Do(r))
	want := "450 status code 450 (Blocked by !#$%&*+-.^_`~*|\"'(){}[]<>=/,:;@); Set-Cookie: a=1; Path=/ | b=2; X-Lower: PATCH,/hyco/a%2Fb//c?x=%zz&y,gateway,192.0.2.1:99,X-Odd-Case=1,hello,<nil>,5; body 0 bytes e3b0c442"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestExchangerErrors: a *fail.Error is told by its code, others are not told; what cannot be sent is 502.
func TestExchangerErrors(t *testing.T) {
	broken := newText("")
	broken.Reader, broken.size = io.MultiReader(strings.NewReader("part"), failing{}), -1
	rows := []struct {
		response *shape.Response
		err      error
		want     string
	}{
		{nil, errors.New("secret"), "502 The listener could not answer the request. See its log for details"},
		{nil, fail.New(fail.AcceptTimeout, "The target is slow."), "504 The target is slow"},
		{nil, fail.New(fail.TooLarge, "Too much."), "413 Too much"},
		{nil, fail.New(fail.SenderGone, "Odd."), "502 Odd"},
		{nil, &fail.Error{Code: fail.Rejected, Status: 418, Text: "My own"}, "418 My own"},
		{&shape.Response{Status: 99}, nil, "502 The listener answered with the status 99, which no sender understands"},
		{&shape.Response{Status: 101}, nil, "502 The listener answered with the status 101, which no sender understands"},
		{&shape.Response{Status: 200, Fields: shape.Fields{{Name: "X", Value: strings.Repeat("x", 70000)}}}, nil, "502 The head of the listener's response cannot be sent"},
		{&shape.Response{Status: 200, Reason: "OK", Fields: shape.Fields{{Name: "X", Value: "a\x00b"}}, Body: newText("gone")}, nil, "502 The head of the listener's response cannot be sent"},
		{&shape.Response{Status: 200, Reason: "OK", Body: broken}, nil, "502 The listener's response broke off"},
		{&shape.Response{Status: 204, Reason: "No Content", Body: newText("dropped")}, nil, "204 No Content"},
		{&shape.Response{Status: 200, Reason: "OK", Body: newText("")}, nil, "200 OK"},
	}
	var row atomic.Int32
	a := answers(t, func(context.Context, *shape.Request) (*shape.Response, error) {
		r := rows[row.Load()]
		return r.response, r.err
	})
	for i, r := range rows {
		row.Store(int32(i))
		if got := a.ask(http.MethodGet, "/", http.NoBody); got != r.want {
			t.Errorf("%s\nwant %s", got, r.want)
		}
		if r.err != nil || !strings.HasPrefix(r.want, "20") {
			if ev := a.heard.next(t, hybrid.RequestFailed); r.err != nil && !errors.Is(ev.Err, r.err) {
				t.Errorf("event %v, want %v", ev.Err, r.err)
			}
		}
		if r.response != nil && r.response.Body != nil && r.response.Body.(*text).closed.Load() != 1 {
			t.Errorf("%s: the body was closed %d times", r.want, r.response.Body.(*text).closed.Load())
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the target reset the connection") }

// TestSlowAnswer: an answer of known length that does not come whole is sent as it comes.
func TestSlowAnswer(t *testing.T) {
	for _, size := range []int64{10, -1} {
		r, w := io.Pipe()
		a := answers(t, func(context.Context, *shape.Request) (*shape.Response, error) {
			body := newText("")
			body.Reader, body.size = r, size
			return &shape.Response{Status: 200, Reason: "OK", Body: body}, nil
		})
		answer, err := a.client.Get("https://gateway/hyco/")
		if err != nil {
			t.Fatal(err)
		}
		var got [5]byte
		for range 2 {
			go func() { _, _ = w.Write([]byte("hello")) }()
			if _, err := io.ReadFull(answer.Body, got[:]); err != nil || string(got[:]) != "hello" {
				t.Errorf("%q %v", got, err)
			}
		}
		_ = w.Close()
		if rest, err := io.ReadAll(answer.Body); len(rest) > 0 || err != nil {
			t.Errorf("%q %v", rest, err)
		}
		answer.Body.Close()
	}
}

// TestRequestsBounded: one request over the bound gets 503, and the others are not hurt.
func TestRequestsBounded(t *testing.T) {
	began, goOn := make(chan struct{}), make(chan struct{})
	a := answers(t, func(context.Context, *shape.Request) (*shape.Response, error) {
		began <- struct{}{}
		<-goOn
		return &shape.Response{Status: 200, Reason: "OK"}, nil
	}, hybrid.WithRequests(2))
	var asks sync.WaitGroup
	for range 2 {
		asks.Go(func() {
			if got := a.ask(http.MethodGet, "/", http.NoBody); got != "200 OK" {
				t.Error(got)
			}
		})
		<-began
	}
	want := "503 The listener answers as many requests as it may"
	if got := a.ask(http.MethodGet, "/", http.NoBody); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if ev := a.heard.next(t, hybrid.RequestFailed); ev.Err == nil {
		t.Error("no reason")
	}
	close(goOn)
	asks.Wait()
	go func() { <-began }()
	if got := a.ask(http.MethodGet, "/", http.NoBody); got != "200 OK" {
		t.Error(got)
	}
}

// waits is an exchanger that answers when it is told to, or when its context ends, with the cause.
func waits() (x exchanger, began chan struct{}, goOn chan string, ended chan error) {
	began, goOn, ended = make(chan struct{}, 1), make(chan string), make(chan error, 1)
	return func(ctx context.Context, _ *shape.Request) (*shape.Response, error) {
		began <- struct{}{}
		select {
		case say := <-goOn:
			return &shape.Response{Status: 200, Reason: "OK", Body: newText(say)}, nil
		case <-ctx.Done():
			ended <- context.Cause(ctx)
			return nil, context.Cause(ctx)
		}
	}, began, goOn, ended
}

// TestGatewayLost: the loss of the control channel ends exchanges that depend on it.
func TestGatewayLost(t *testing.T) {
	x, began, _, ended := waits()
	a := answers(t, x)
	var ask sync.WaitGroup
	ask.Go(func() { a.ask(http.MethodGet, "/", http.NoBody) })
	<-began
	a.net.Reset("gateway", "inside")
	if err := <-ended; !fail.Is(err, fail.ListenerLost) {
		t.Errorf("the context ended for %v", err)
	}
	if ev := a.heard.next(t, hybrid.RequestFailed); !fail.Is(ev.Err, fail.ListenerLost) {
		t.Errorf("event %v", ev.Err)
	}
	a.client.CloseIdleConnections()
	a.net.Reset("gateway", "outside")
	ask.Wait()
}

// asking is a sender that can leave; ask is over when he has heard.
func (a *answering) asking(t *testing.T) (leave func(), ask *sync.WaitGroup) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://gateway/hyco/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	ask = new(sync.WaitGroup)
	ask.Go(func() { told(a.client.Do(r)) })
	return leave, ask
}

// TestCancelled: a sender that left ends the exchange, and nothing is answered.
func TestCancelled(t *testing.T) {
	x, began, _, ended := waits()
	a := answers(t, x)
	leave, ask := a.asking(t)
	defer leave()
	<-began
	leave()
	if err := <-ended; !fail.Is(err, fail.SenderGone) {
		t.Errorf("the context ended for %v", err)
	}
	a.heard.next(t, hybrid.RequestFailed)
	ask.Wait()
}

// TestChannelEndsInOrder: what a gateway handed out before it asked the listener to go elsewhere is answered by rendezvous.
func TestChannelEndsInOrder(t *testing.T) {
	x, began, goOn, _ := waits()
	a := answers(t, x)
	answer := make(chan string, 1)
	go func() { answer <- a.ask(http.MethodGet, "/", http.NoBody) }()
	<-began
	a.endChannel(1001)
	a.heard.next(t, hybrid.Offline)
	goOn <- "late"
	if got := <-answer; !strings.HasPrefix(got, "200 OK; ") || !strings.Contains(got, "body 4 bytes") {
		t.Error(got)
	}
}

// TestSenderLeavesAfterTheChannel: a sender that leaves when the control channel has ended in order, so that nothing can be told there,
// ends the exchange all the same.
func TestSenderLeavesAfterTheChannel(t *testing.T) {
	t.Parallel()
	x, began, _, ended := waits()
	a := answers(t, x)
	leave, ask := a.asking(t)
	defer leave()
	<-began
	a.endChannel(1001)
	a.heard.next(t, hybrid.Offline)
	leave()
	select {
	case err := <-ended:
		if !fail.Is(err, fail.SenderGone) {
			t.Errorf("the context ended for %v", err)
		}
	case <-time.After(patience):
		t.Error("the context goes on")
	}
	a.heard.next(t, hybrid.RequestFailed)
	ask.Wait()
}

// endChannel closes the control channel as a gateway does that ends it.
func (a *answering) endChannel(code int) {
	a.mu.Lock()
	control := a.control
	a.mu.Unlock()
	_ = control.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, "elsewhere"), time.Now().Add(patience))
}

// TestCloseDrains: Close waits for what is being answered, and ends it when the time is over.
func TestCloseDrains(t *testing.T) {
	for _, patient := range []bool{true, false} {
		x, began, goOn, ended := waits()
		drain := 50 * time.Millisecond
		if patient {
			drain = patience
		}
		a := answers(t, x, hybrid.WithDrain(drain))
		answer := make(chan string, 1)
		go func() { answer <- a.ask(http.MethodGet, "/", http.NoBody) }()
		<-began
		closed := make(chan struct{})
		go func() { a.l.Close(); close(closed) }()
		if patient {
			goOn <- "done"
			if got := <-answer; !strings.HasPrefix(got, "200 OK; ") {
				t.Error(got)
			}
		} else if err := <-ended; err == nil {
			t.Error("no cause")
		}
		<-closed
		a.client.CloseIdleConnections()
		a.net.Reset("gateway", "outside")
		if !patient {
			<-answer
		}
	}
}

// TestCloseParts: a Close while answers leave goes in front of a message or behind its body, never between the two; every answer arrives.
func TestCloseParts(t *testing.T) {
	t.Parallel()
	const rounds, asks = 15, 8
	body := strings.Repeat("x", 60<<10)
	for range rounds {
		synctest.Test(t, func(t *testing.T) {
			began, goOn := make(chan struct{}), make(chan struct{})
			a := answers(t, func(context.Context, *shape.Request) (*shape.Response, error) {
				began <- struct{}{}
				<-goOn
				return &shape.Response{Status: 200, Reason: "OK", Body: newText(body)}, nil
			}, hybrid.WithDrain(patience))
			var all sync.WaitGroup
			for range asks {
				all.Go(func() {
					if got := a.ask(http.MethodGet, "/", http.NoBody); !strings.HasPrefix(got, "200 OK; ") || !strings.Contains(got, fmt.Sprintf("body %d bytes", len(body))) {
						t.Error(got)
					}
				})
			}
			for range asks {
				<-began
			}
			all.Go(func() { _ = a.l.Close() })
			close(goOn)
			all.Wait()
		})
	}
}
