package load

import (
	"bufio"
	"bytes"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func quiet() func() { return func() {} }

// target opens one and a dialer to it that may damage what goes through.
func target(t *testing.T, damage func(net.Conn) net.Conn) (*Target, Dialer) {
	t.Helper()
	service, err := NewService("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.Close)
	tg := &Target{Addr: service.Addr()}
	return tg, func() (net.Conn, error) {
		c, err := net.Dial("tcp", tg.Addr)
		if err == nil && damage != nil {
			c = damage(c)
		}
		return c, err
	}
}

// cells are all kinds of load in short.
var cells = map[string]func(d Dialer, tg *Target) (Result, error){
	"up":    func(d Dialer, tg *Target) (Result, error) { return Bulk(d, tg, 2, true, 50*time.Millisecond, quiet) },
	"down":  func(d Dialer, tg *Target) (Result, error) { return Bulk(d, tg, 2, false, 50*time.Millisecond, quiet) },
	"echo":  func(d Dialer, _ *Target) (Result, error) { return Echo(d, 3, 1024, 50*time.Millisecond, quiet) },
	"setup": func(d Dialer, _ *Target) (Result, error) { return Setup(d, 2, 20, time.Minute, quiet) },
	"http": func(d Dialer, _ *Target) (Result, error) {
		return HTTP(&Web{Dial: d, Host: "web.test", Path: "/x"}, 3, 20_000, 50*time.Millisecond, quiet)
	},
	"soap": func(d Dialer, _ *Target) (Result, error) {
		return SOAP(&Web{Dial: d, Host: "web.test", Path: "/x/"}, 3, 20_000, 50*time.Millisecond, quiet)
	},
	"events": func(d Dialer, _ *Target) (Result, error) {
		return Events(&Web{Dial: d, Host: "web.test", Path: "/x/"}, 2, 100*time.Millisecond, quiet)
	},
	"volume up":   func(d Dialer, _ *Target) (Result, error) { return Volume(&Web{Dial: d, Path: "/x"}, true, 5_000_001) },
	"volume down": func(d Dialer, _ *Target) (Result, error) { return Volume(&Web{Dial: d, Path: "/x/"}, false, 5_000_001) },
	"calls": func(d Dialer, _ *Target) (Result, error) {
		return Calls(&NetTCP{Dial: d, Via: "net.tcp://web.test/" + strings.Repeat("long", 50)}, 3, 50*time.Millisecond, quiet)
	},
}

// values are what each must have measured.
var values = map[string][]string{
	"up": {"mibps", "bytes"}, "down": {"mibps", "bytes"}, "volume up": {"mibps", "bytes"}, "volume down": {"mibps", "bytes"},
	"echo": {"ops", "p50us", "p99us", "count"}, "calls": {"ops", "p50us", "p99us", "count"}, "setup": {"cps", "p50us", "p99us", "count"},
	"http": {"rps", "p50us", "p99us", "count"}, "soap": {"rps", "p50us", "p99us", "aware"}, "events": {"eps", "p50us", "p99us", "count"},
}

func TestCells(t *testing.T) {
	for name, cell := range cells {
		tg, d := target(t, nil)
		r, err := cell(d, tg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, k := range values[name] {
			if r[k] <= 0 {
				t.Errorf("%s: %s is %v", name, k, r[k])
			}
		}
		if name == "setup" && (r["count"] != 20 || r["failed"] != 0) {
			t.Errorf("set-ups: %v", r)
		}
	}
}

// wrong changes one byte behind a number of bytes, in both directions.
type wrong struct {
	net.Conn
	at        int
	out, back int
}

func (w *wrong) spoil(b []byte, pos *int) {
	if i := w.at - *pos; i >= 0 && i < len(b) {
		b[i] ^= 1
	}
	*pos += len(b)
}

func (w *wrong) Write(b []byte) (int, error) {
	b = append([]byte(nil), b...)
	w.spoil(b, &w.out)
	return w.Conn.Write(b)
}

func (w *wrong) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.spoil(b[:n], &w.back)
	return n, err
}

// TestDamageIsSeen: a gateway that changes a byte gets no figure.
func TestDamageIsSeen(t *testing.T) {
	for name, at := range map[string]int{"up": 100_000, "down": 100_000, "echo": 3000, "setup": 1, "http": 9000, "soap": 9000, "volume up": 100_000, "volume down": 100_000, "calls": 3000} {
		tg, d := target(t, func(c net.Conn) net.Conn { return &wrong{Conn: c, at: at} })
		if r, err := cells[name](d, tg); err == nil {
			t.Errorf("%s: damage went unseen: %v", name, r)
		}
	}
}

// TestHandler: the service as an application of net/http does what the service itself does.
func TestHandler(t *testing.T) {
	web := httptest.NewServer(Handler())
	defer web.Close()
	d := func() (net.Conn, error) { return net.Dial("tcp", web.Listener.Addr().String()) }
	for _, name := range []string{"http", "soap", "events", "volume up", "volume down"} {
		r, err := cells[name](d, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, k := range values[name] {
			if r[k] <= 0 {
				t.Errorf("%s: %s is %v", name, k, r[k])
			}
		}
	}
}

// TestEventsAreTimed: an event that waits on its way is seen to.
func TestEventsAreTimed(t *testing.T) {
	const late = 40 * time.Millisecond
	_, d := target(t, func(c net.Conn) net.Conn { return &slow{c, late} })
	r, err := Events(&Web{Dial: d, Host: "web.test", Path: "/"}, 1, 200*time.Millisecond, quiet)
	if err != nil || r["p50us"] < float64((late-10*time.Millisecond).Microseconds())/2 {
		t.Errorf("%v, %v", r, err)
	}
	event := func(text string) *bufio.Reader { return bufio.NewReader(strings.NewReader(text)) }
	for _, bad := range []string{"", "data: 1", "data: x\n\n", "id: 1\n\n", "data: 1\n"} {
		if d, err := nextEvent(event(bad)); err == nil {
			t.Errorf("%q is an event: %v", bad, d)
		}
	}
}

// slow waits before each read, as a gateway does that gathers.
type slow struct {
	net.Conn
	by time.Duration
}

func (s *slow) Read(b []byte) (int, error) {
	timer := time.NewTimer(s.by)
	defer timer.Stop()
	<-timer.C
	return s.Conn.Read(b)
}

// TestRecords: what is no record of a session of calls is refused, and lengths have a bound.
func TestRecords(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 16383, 16384, mostBody} {
		if got, err := readSize(bufio.NewReader(bytes.NewReader(appendSize(nil, n)))); err != nil || got != n {
			t.Errorf("%d is read as %d, %v", n, got, err)
		}
	}
	for _, bad := range []string{"", "\x06", "\x06\xff\xff\xff\x7f", "\x06\xff\xff\xff\xff\x01", "\x06\x02a", "\x08\x01a", "\x07"} {
		if r, err := readRecord(bufio.NewReader(strings.NewReader(bad)), nil); err == nil {
			t.Errorf("%q is the record %q", bad, r)
		}
	}
}

// TestChecker: a byte lost, repeated or changed is seen at once in the first stretch, and at the next check afterwards.
func TestChecker(t *testing.T) {
	for _, row := range []struct {
		name  string
		start int64
		lost  int64
	}{{"one byte", 0, 1}, {"a block", 0, Block}, {"many blocks", 0, 16 * Block}, {"repeated", Block, -Block}, {"late", 8 << 20, 32 << 10}} {
		var c checker
		for c.pos < row.start {
			if err := c.took(at(c.pos, Block)); err != nil {
				t.Fatalf("%s: %v", row.name, err)
			}
		}
		seen := false
		for pos := c.pos + row.lost; !seen && pos < c.pos+row.lost+checkEvery*Block; pos += Block {
			seen = c.took(at(pos, Block)) != nil
		}
		if !seen {
			t.Errorf("%s: a loss of %d went unseen", row.name, row.lost)
		}
	}
}

func TestHold(t *testing.T) {
	_, d := target(t, nil)
	held, err := Hold(d, 40)
	if err != nil || len(held) != 40 {
		t.Errorf("%d held, %v", len(held), err)
	}
	for _, c := range held {
		c.Close()
	}
	d = func() (net.Conn, error) { return nil, net.ErrClosed }
	if held, err := Hold(d, 3); err == nil || len(held) != 0 || !strings.Contains(err.Error(), "3 of 3 failed") {
		t.Errorf("a target that is not there: %d held, %v", len(held), err)
	}
}

func TestPercentile(t *testing.T) {
	var sorted []time.Duration
	for i := range 100 {
		sorted = append(sorted, time.Duration(i+1)*time.Microsecond)
	}
	if a, b, c := percentile(sorted, .5), percentile(sorted, .99), percentile(sorted[:1], .99); a != 51*time.Microsecond || b != 100*time.Microsecond || c != time.Microsecond {
		t.Errorf("p50 %v, p99 %v, of one %v", a, b, c)
	}
	if _, err := latencies("ops", nil, time.Second); err == nil {
		t.Error("nothing measured is a result")
	}
}
