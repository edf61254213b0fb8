package hybrid_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid"
)

// transport makes a Transport to a fake gateway.
func (f *fake) transport(t *testing.T, connectionString string, options ...hybrid.DialOption) *http.Client {
	t.Helper()
	options = append([]hybrid.DialOption{hybrid.WithNetDial(f.net.Host("outside").DialContext), hybrid.WithTLSConfig(f.trust)}, options...)
	transport, err := hybrid.NewTransport(connectionString, options...)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: transport}
}

// TestTransportLocates: whatever URL is asked for, the request goes to the hybrid connection at the gateway, and a Location comes back
// as the application knows it.
func TestTransportLocates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		defer f.close()
		f.answers(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", r.Header.Get("X-To"))
			fmt.Fprint(w, r.Host+" "+r.RequestURI+" "+r.Header.Get("Authorization"))
			if !strings.HasPrefix(r.Header.Get("ServiceBusAuthorization"), "SharedAccessSignature ") {
				t.Error("no token")
			}
		})
		client := f.transport(t, fakeConnectionString)
		defer client.CloseIdleConnections()
		rows := []struct{ url, want, to, back string }{
			{"http://web", "gateway /hyco", "/hyco/a?x", "/a?x"},
			{"https://elsewhere:99/a/b%2Fc?x=%zz&y", "gateway /hyco/a/b%2Fc?x=%zz&y", "https://gateway/hyco/a#f", "/a#f"},
			{"http://web/%25/", "gateway /hyco/%25/", "https://other/hyco/a", "https://other/hyco/a"},
			{"http://web/a//b", "gateway /hyco/a//b", "relative", "relative"},
			{"http://web/?", "gateway /hyco/?", "/hycoa", "/hycoa"},
		}
		for _, row := range rows {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, row.url, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-To", row.to)
			r.Header.Set("Authorization", "own")
			answer, err := client.Transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if string(b) != row.want+" own" || answer.Header.Get("Location") != row.back || answer.Request != r || r.Header.Get("ServiceBusAuthorization") != "" {
				t.Errorf("%s: %q, Location %q", row.url, b, answer.Header.Get("Location"))
			}
		}
	})
}

// TestTransportTokens: one token serves many requests, and is renewed before it expires; without a key there is none.
func TestTransportTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		defer f.close()
		f.answers(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("ServiceBusAuthorization")) })
		var made atomic.Int32
		var fault error
		client := f.transport(t, fakeConnectionString, hybrid.WithTokenSource(func(context.Context, string) (string, time.Time, error) {
			return fmt.Sprint("token ", made.Add(1)), time.Now().Add(time.Hour), fault
		}))
		ask := func() string {
			answer, err := client.Get("http://web/")
			if err != nil {
				return err.Error()
			}
			defer answer.Body.Close()
			b, _ := io.ReadAll(answer.Body)
			return string(b)
		}
		for _, row := range []struct {
			after time.Duration
			want  string
		}{{0, "token 1"}, {time.Minute, "token 1"}, {53 * time.Minute, "token 1"}, {2 * time.Minute, "token 2"}} {
			pause(t.Context(), row.after)
			if got := ask(); got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		}
		fault = errors.New("the provider is away")
		pause(t.Context(), time.Hour)
		if got := ask(); !strings.Contains(got, "the provider is away") {
			t.Errorf("%q", got)
		}
		client.CloseIdleConnections()
		client = f.transport(t, "Endpoint=sb://gateway/;EntityPath=hyco")
		if got := ask(); got != "" {
			t.Errorf("a token without a key: %q", got)
		}
		client.CloseIdleConnections()
	})
}

// TestTransportErrors: what the gateway itself answered is told apart from what a listener said, and from no answer.
func TestTransportErrors(t *testing.T) {
	both(t, func(s *set) {
		client := func(cs string, options ...hybrid.DialOption) *http.Client {
			transport, err := hybrid.NewTransport(cs, append([]hybrid.DialOption{s.trust(), hybrid.WithEntity("hyco")}, options...)...)
			if err != nil {
				s.t.Fatal(err)
			}
			s.t.Cleanup(transport.CloseIdleConnections)
			return &http.Client{Transport: transport}
		}
		answer, err := client(s.send).Get("http://web/")
		if err != nil {
			s.t.Fatal(err)
		}
		answer.Body.Close()
		var no *hybrid.Error
		if !errors.As(hybrid.ResponseError(answer), &no) || no.Code != fail.NoListener || no.Status != 404 || no.TrackingID == "" {
			s.t.Errorf("%#v", hybrid.ResponseError(answer))
		}
		answer, err = client(strings.Replace(s.send, "SharedAccessKey=", "SharedAccessKey=x", 1)).Get("http://web/")
		if err != nil {
			s.t.Fatal(err)
		}
		answer.Body.Close()
		if !errors.As(hybrid.ResponseError(answer), &no) || no.Code != fail.InvalidSignature {
			s.t.Errorf("%#v", hybrid.ResponseError(answer))
		}
		if _, err := client(s.send, hybrid.WithTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12})).Get("http://web/"); !errors.As(err, &no) || no.Do == "" {
			s.t.Errorf("%v", err)
		}
		broken := errors.New("no way")
		_, err = client(s.send, hybrid.WithNetDial(func(context.Context, string, string) (net.Conn, error) { return nil, broken })).Get("http://web/")
		if !errors.Is(err, broken) {
			s.t.Errorf("%v", err)
		}
	})
	if _, err := hybrid.NewTransport("Endpoint=sb://gateway/"); err == nil {
		t.Error("no hybrid connection is named")
	}
	for _, answer := range []*http.Response{
		{StatusCode: 404, Status: "404 Not Found", Header: http.Header{"Via": {"1.1 gateway"}}},
		{StatusCode: 200, Status: "200 OK", Header: http.Header{}},
	} {
		if err := hybrid.ResponseError(answer); err != nil {
			t.Errorf("%s: %v", answer.Status, err)
		}
	}
	if err := hybrid.ResponseError(&http.Response{StatusCode: 404, Status: "404 There are no listeners connected for the endpoint. TrackingId:x", Header: http.Header{}}); err == nil {
		t.Error("an answer without Via is the gateway's")
	}
}
