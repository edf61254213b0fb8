package load

import (
	"net"
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
}

func TestCells(t *testing.T) {
	for name, cell := range cells {
		tg, d := target(t, nil)
		r, err := cell(d, tg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, k := range map[string][]string{"up": {"mibps", "bytes"}, "down": {"mibps", "bytes"}, "echo": {"ops", "p50us", "p99us", "count"}, "setup": {"cps", "p50us", "p99us", "count"}, "http": {"rps", "p50us", "p99us", "count"}}[name] {
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
	for name, at := range map[string]int{"up": 100_000, "down": 100_000, "echo": 3000, "setup": 1, "http": 9000} {
		tg, d := target(t, func(c net.Conn) net.Conn { return &wrong{Conn: c, at: at} })
		if r, err := cells[name](d, tg); err == nil {
			t.Errorf("%s: damage went unseen: %v", name, r)
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
