package certs

import (
	"context"
	"crypto/tls"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWatch: each threshold is told once, a jump over several is one word, and a renewed certificate starts anew.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		begin := time.Now()
		var mu sync.Mutex // over list and told
		list := []Served{{Name: "a", NotAfter: begin.Add(25 * day)}, {Name: "b", NotAfter: begin.Add(400 * day)}}
		type word struct {
			Name string
			Day  time.Duration // since the begin
			Left time.Duration
		}
		var told []word
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			now := func() []Served { mu.Lock(); defer mu.Unlock(); return list }
			Watch(ctx, now, func(s Served, left time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, word{s.Name, time.Since(begin) / day, left.Round(day) / day})
			})
		}()
		at := func(days int) { <-time.After(time.Until(begin.AddDate(0, 0, days))); synctest.Wait() } // the bubble's clock
		at(26)
		want := []word{{"a", 4, 21}, {"a", 18, 7}, {"a", 24, 1}, {"a", 25, 0}}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		renew := func(days int) {
			mu.Lock()
			defer mu.Unlock()
			list = []Served{{Name: "a", NotAfter: begin.AddDate(0, 0, days)}}
		}
		told = nil // Watch waits, and goes on behind the lock of renew
		renew(29)  // but for a short time
		at(27)
		renew(90)
		at(60)
		if diff := cmp.Diff([]word{{"a", 26, 3}}, told); diff != "" {
			t.Errorf("after renewals (-want +got):\n%s", diff)
		}
		cancel()
		<-ended
	})
}

// fixed is a source of one certificate.
type fixed struct {
	cert *tls.Certificate
	end  time.Time
}

func (f fixed) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.cert, nil }
func (f fixed) NotAfter() time.Time                                           { return f.end }

func TestSwap(t *testing.T) {
	one, two := fixed{new(tls.Certificate), time.Unix(1, 0)}, fixed{new(tls.Certificate), time.Unix(2, 0)}
	s := NewSwap(one)
	for _, want := range []fixed{one, two, one} {
		s.Set(want)
		if got, err := s.GetCertificate(nil); got != want.cert || err != nil || !s.NotAfter().Equal(want.end) {
			t.Errorf("got %p %v %v", got, err, s.NotAfter())
		}
	}
}

// TestFilesCheck: a check looks at once and says what keeps the new pair out, until it is right.
func TestFilesCheck(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	put := func(name string) {
		cert, key := pair(t, name, time.Now().Add(time.Hour))
		write(t, certFile, cert)
		write(t, keyFile, key)
	}
	put("one")
	changes := 0
	f, err := OpenFiles(certFile, keyFile, func(error) { changes++ })
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		do      func()
		name    string
		changes int
		wrong   bool
	}{
		{func() {}, "one", 0, false},
		{func() { put("two") }, "two", 1, false},
		{func() { write(t, keyFile, []byte("broken")) }, "two", 2, true},
		{func() {}, "two", 2, true}, // the same trouble is told once, and is still the answer
		{func() { put("three") }, "three", 3, false},
	} {
		step.do()
		if err := f.Check(); (err != nil) != step.wrong || served(t, f) != step.name || changes != step.changes {
			t.Errorf("check %v, %s is served after %d changes, want %s after %d", err, served(t, f), changes, step.name, step.changes)
		}
	}
}
