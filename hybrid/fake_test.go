package hybrid_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/front/localca"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/netx"
)

// fake is a gateway in memory that answers handshakes as a test wants. It lives in a bubble of testing/synctest, so that its
// clock and the listener's are the test's.
type fake struct {
	t      *testing.T
	net    *netx.Network
	trust  *tls.Config
	server *http.Server
	done   sync.WaitGroup

	mu     sync.Mutex
	answer func(w http.ResponseWriter, r *http.Request) // of the next handshake
	knocks []knock
	conns  []*websocket.Conn
}

// knock is one handshake that came.
type knock struct {
	at          time.Time
	id, token   string
	query, path string
}

// newFake starts a gateway at host "gateway". It is ended by close, inside the bubble.
func newFake(t *testing.T) *fake {
	t.Helper()
	ca, err := localca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Leaf([]string{"gateway"})
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{t: t, net: netx.New(), trust: &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}}
	f.trust.RootCAs.AddCert(ca.Certificate())
	f.server = &http.Server{ReadHeaderTimeout: time.Hour, Handler: f}
	l, err := f.net.Listen("gateway:443")
	if err != nil {
		t.Fatal(err)
	}
	f.answer = f.welcome
	f.done.Go(func() {
		_ = f.server.Serve(tls.NewListener(l, &tls.Config{GetCertificate: leaf.GetCertificate, MinVersion: tls.VersionTLS12}))
	})
	return f
}

func (f *fake) close() {
	_ = f.server.Close()
	f.mu.Lock()
	for _, c := range f.conns {
		_ = c.Close()
	}
	f.mu.Unlock()
	f.done.Wait()
}

// connectionString has a key that the fake does not check.
const fakeConnectionString = "Endpoint=sb://gateway/;SharedAccessKeyName=r;SharedAccessKey=azEyMzQ1Njc4OTAxMjM0NQ==;EntityPath=hyco"

// listen listens from host "inside".
func (f *fake) listen(options ...hybrid.ListenOption) (*hybrid.Listener, error) {
	return hybrid.Listen(f.t.Context(), fakeConnectionString, append([]hybrid.ListenOption{
		hybrid.WithNetDial(f.net.Host("inside").DialContext), hybrid.WithTLSConfig(f.trust),
	}, options...)...)
}

// ServeHTTP notes a handshake and answers it.
func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	query := r.URL.Query()
	f.knocks = append(f.knocks, knock{time.Now(), query.Get("sb-hc-id"), r.Header.Get("ServiceBusAuthorization"), r.URL.RawQuery, r.URL.Path})
	answer := f.answer
	f.mu.Unlock()
	answer(w, r)
}

// answers sets how handshakes are answered from now on.
func (f *fake) answers(h func(w http.ResponseWriter, r *http.Request)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = h
}

// status answers with no, as a gateway of ours does.
func status(code int, name string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Causeway-Error", name)
		w.Header().Set("TrackingId", "11111111-2222-4333-8444-555555555555_G7")
		w.WriteHeader(code)
	}
}

// welcome opens the control channel.
func (f *fake) welcome(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		f.t.Errorf("upgrade: %v", err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns = append(f.conns, conn)
}

// channel waits until n control channels have been opened, and gives the last.
func (f *fake) channel(n int) *websocket.Conn {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Hour)
	defer cancel()
	for {
		f.mu.Lock()
		have := len(f.conns)
		var last *websocket.Conn
		if have > 0 {
			last = f.conns[have-1]
		}
		f.mu.Unlock()
		if have >= n {
			return last
		}
		if !pause(ctx, time.Millisecond) {
			f.t.Fatalf("%d control channels, want %d", have, n)
		}
	}
}

// pause lets the bubble's time pass; it reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// seen are the handshakes so far.
func (f *fake) seen() []knock {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]knock(nil), f.knocks...)
}
