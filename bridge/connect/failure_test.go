package connect_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/front/localca"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/trust"
)

// deadAddress is one at which nobody listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// lost reads until the connection ends, which must be a loss.
func lost(c net.Conn) error {
	_, err := io.Copy(io.Discard, c)
	return loss(err)
}

// loss says what is wrong with an end that ought to be one.
func loss(err error) error {
	switch {
	case err == nil:
		return errors.New("a clean end")
	case errors.Is(err, syscall.ECONNRESET):
		return nil
	}
	return err
}

// turned connects to a local socket and reads until the end, which must be a loss: already of the handshake, if the answer is fast.
func turned(t *testing.T, address string) error {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		if errors.Is(err, syscall.ECONNRESET) {
			return nil
		}
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	return lost(c)
}

// TestDeadTarget: both ends say why and what to do, the client sees a loss, and the sender does not hear where the target is.
func TestDeadTarget(t *testing.T) {
	both(t, func(w *world) {
		dead := deadAddress(w.t)
		l := w.listener("tcp://" + dead)
		f, address := w.forward()
		if err := turned(w.t, address); err != nil {
			w.t.Error(err)
		}
		if ev := l.await(connect.Refused); ev.Reason != connect.TargetRefused || !strings.Contains(ev.Text, dead) || ev.Do == "" {
			w.t.Errorf("the listening end: %+v", ev)
		}
		ev := f.await(connect.Refused)
		if ev.Reason != fail.Rejected || !strings.Contains(ev.Text, "502 The listener's target refused the connection") || strings.Contains(ev.String(), dead) {
			w.t.Errorf("the forwarding end: %+v", ev)
		}
		l.Bridge.Shutdown(w.t.Context())
		w.listener("unix:///nowhere/at/all")
		if turned(w.t, address) != nil || !strings.Contains(f.await(connect.Refused).Text, "502") {
			w.t.Error("a target that is no file")
		}
	})
}

// TestManyToADeadTarget: a thousand connections to a dead target are each turned away; others are untouched, and nothing is left
// of them: no descriptor here, no goroutine (goleak).
func TestManyToADeadTarget(t *testing.T) {
	both(t, func(w *world) {
		const many = 1000 / min(small, 10)
		w.Add(&entity.Entity{Name: "good"})
		alive := service(w.t, "tcp", "127.0.0.1:0", echo)
		l := w.bridge(w.listen,
			connect.Connector{Listen: "hyco", Target: "tcp://" + deadAddress(w.t)}, connect.Connector{Listen: "good", Target: "tcp://" + alive.Addr().String()})
		l.await(connect.ListenerConnected)
		l.await(connect.ListenerConnected)
		f := w.bridge(w.send, connect.Connector{Forward: "good", Bind: "127.0.0.1:0"})
		other := dial(w.t, f.await(connect.ForwardOpened).Remote)
		says(w.t, other, "before")
		_, address := w.forward()
		if err := turned(w.t, address); err != nil { // what is made once is there now
			w.t.Error(err)
		}
		before := descriptors(w.t)
		var runs sync.WaitGroup
		for range 20 {
			runs.Go(func() {
				for range many / 20 {
					if err := turned(w.t, address); err != nil {
						w.t.Errorf("a connection did not end as a loss: %v", err)
					}
				}
			})
		}
		runs.Wait()
		says(w.t, other, "behind")
		settles(w.t, "descriptors", func() bool { return descriptors(w.t) <= before+10 })
	})
}

// descriptors counts the open files of this process; -1 where the system does not show them.
func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(list)
}

// settles waits for a condition of the kernel's, which gives no event to wait for.
func settles(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick, end := time.NewTicker(10*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// TestFirstRefusal: what keeps a listener from registering is told with what to do next; with Final it is the error of Wait.
func TestFirstRefusal(t *testing.T) {
	both(t, func(w *world) {
		const key = "YSBrZXkgb2YgYSBydWxl"
		w.Add(&entity.Entity{Name: "limited", Rules: []entity.Rule{{Name: "SendOnly", Rights: entity.Send, Primary: key}, {Name: "ListenOnly", Rights: entity.Listen, Primary: key}}})
		other, err := localca.Open(w.t.TempDir())
		if err != nil {
			w.t.Fatal(err)
		}
		host := w.Node(0).Host("https")
		ours := trust.Roots{File: w.CAFile()}
		rows := []struct {
			name, connectionString, entity string
			roots                          trust.Roots
			reason                         fail.Code
			do                             string
		}{
			{"unreachable", "Endpoint=sb://" + deadAddress(w.t) + "/;SharedAccessKeyName=r;SharedAccessKey=eA==", "hyco", ours, connect.Unreachable, "causeway serve"},
			{"wrong CA", w.listen, "hyco", trust.Roots{File: other.File()}, connect.Unreachable, "--ca-file"},
			{"wrong key", "Endpoint=sb://" + host + "/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=eA==", "hyco", ours, fail.InvalidSignature, "causeway rule keys"},
			{"wrong right", "Endpoint=sb://" + host + "/;SharedAccessKeyName=SendOnly;SharedAccessKey=" + key, "limited", ours, fail.RightMissing, "right"},
			{"expired", "Endpoint=sb://" + host + "/;SharedAccessSignature=" + w.Token(w.Root(), "http://localhost/hyco", time.Now().Add(-time.Hour)), "hyco", ours, fail.ExpiredToken, "clock"},
			{"no such relay", w.listen, "nowhere", ours, fail.UnknownEntity, "causeway relay create"},
		}
		for _, row := range rows {
			for _, final := range []bool{true, false} {
				e := newEnds(w.t, connect.Params{ConnectionString: row.connectionString, Roots: row.roots, Final: final})
				if err := e.Apply([]connect.Connector{{Listen: row.entity, Target: "tcp://127.0.0.1:9"}}); err != nil {
					w.t.Fatal(err)
				}
				if !final {
					ev := e.await(connect.ListenerDisconnected)
					if ev.Reason != row.reason || !strings.Contains(ev.Do, row.do) || !strings.Contains(ev.Text, "trying again in 1") || strings.Contains(ev.String(), "eA==") {
						w.t.Errorf("%s: %v", row.name, ev)
					}
					continue
				}
				ctx, cancel := context.WithTimeout(w.t.Context(), patience)
				no, ok := errors.AsType[*hybrid.Error](e.Wait(ctx))
				cancel()
				if !ok || !strings.Contains(no.Do, row.do) || row.reason != connect.Unreachable && no.Code != row.reason {
					w.t.Errorf("%s: %v", row.name, no)
				}
			}
			f := newEnds(w.t, connect.Params{ConnectionString: strings.Replace(row.connectionString, "SendOnly", "ListenOnly", 1), Roots: row.roots})
			if err := f.Apply([]connect.Connector{{Forward: row.entity, Bind: "127.0.0.1:0"}}); err != nil {
				w.t.Fatal(err)
			}
			if err := turned(w.t, f.await(connect.ForwardOpened).Remote); err != nil {
				w.t.Error(err)
			}
			if ev := f.await(connect.Refused); ev.Reason != row.reason || !strings.Contains(ev.Do, row.do) || ev.Text == "" {
				w.t.Errorf("forward, %s: %v", row.name, ev)
			}
		}
	})
}

// TestNoListener: the local client sees a loss, and the forwarding end says what is missing.
func TestNoListener(t *testing.T) {
	both(t, func(w *world) {
		f, address := w.forward()
		if err := turned(w.t, address); err != nil {
			w.t.Error(err)
		}
		if ev := f.await(connect.Refused); ev.Reason != fail.NoListener || !strings.Contains(ev.Do, "start the listener") || !strings.Contains(ev.Text, "tracking id") {
			w.t.Errorf("%+v", ev)
		}
	})
}

// TestDeletedWhileConnected: streams of an entity that is deleted end as losses with the reason; the listener says so and tries
// again, and others are untouched.
func TestDeletedWhileConnected(t *testing.T) {
	both(t, func(w *world) {
		at := "tcp://" + service(w.t, "tcp", "127.0.0.1:0", echo).Addr().String()
		doomed := w.Add(&entity.Entity{Name: "doomed"})
		l := w.bridge(w.listen, connect.Connector{Listen: "doomed", Target: at}, connect.Connector{Listen: "hyco", Target: at})
		l.await(connect.ListenerConnected)
		l.await(connect.ListenerConnected)
		f := w.bridge(w.send, connect.Connector{Forward: "doomed", Bind: "127.0.0.1:0"})
		c := dial(w.t, f.await(connect.ForwardOpened).Remote)
		_, address := w.forward()
		other := dial(w.t, address)
		says(w.t, other, "before")
		says(w.t, c, "before")
		if err := w.Store().Delete(w.t.Context(), doomed.At, store.Any); err != nil {
			w.t.Fatal(err)
		}
		if err := lost(c); err != nil {
			w.t.Error(err)
		}
		if ev := f.await(connect.Closed); ev.Reason == fail.PeerClosed || !strings.Contains(ev.Do, "relay") { // bytes have no words for it
			w.t.Errorf("the forwarding end: %v", ev)
		}
		for _, kind := range []connect.Kind{connect.ListenerDisconnected, connect.ListenerDisconnected} {
			ev := l.await(kind)
			if ev.Entity != "doomed" || !strings.Contains(ev.Text, "trying again") || !strings.Contains(ev.Do, "causeway relay create") {
				w.t.Errorf("the listening end: %v", ev)
			}
			if ev.Reason == fail.UnknownEntity {
				break
			}
		}
		says(w.t, other, "behind")
	})
}

// TestTargetComesBack: a target that is restarted is reached again, without a word to the connector.
func TestTargetComesBack(t *testing.T) {
	both(t, func(w *world) {
		address := deadAddress(w.t)
		w.listener("tcp://" + address)
		_, local := w.forward()
		for range 3 {
			if err := turned(w.t, local); err != nil {
				w.t.Error(err)
			}
			l := service(w.t, "tcp", address, echo)
			c := dial(w.t, local)
			says(w.t, c, "hello")
			c.Close()
			l.Close()
		}
	})
}

// TestClientLeaves: a local client that goes while the relay looks for its listener is given up, and no target is kept open.
func TestClientLeaves(t *testing.T) {
	both(t, func(w *world) {
		l, err := hybrid.Listen(w.t.Context(), w.listen, hybrid.WithEntity("hyco"), hybrid.WithCAFile(w.CAFile()),
			hybrid.WithAcceptHook(func(ctx context.Context, _ *hybrid.Request) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			}))
		if err != nil {
			w.t.Fatal(err)
		}
		defer l.Close()
		f, address := w.forward()
		c := dial(w.t, address)
		_ = c.SetLinger(0)
		c.Close()
		if ev := f.await(connect.Refused); ev.Reason != fail.SenderGone {
			w.t.Errorf("%+v", ev)
		}
	})
}
