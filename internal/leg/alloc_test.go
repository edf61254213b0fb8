package leg_test

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// mixed is a turn of traffic with everything that a pump meets: fragments, a ping between them, frames that are cut at
// 32 KiB towards the listener, and tiny frames.
func mixed() (turn []byte, payload int) {
	add := func(op wsframe.Op, fin bool, n int) {
		turn = append(turn, frame(op, fin, pattern(n))...)
		if !op.Control() {
			payload += n
		}
	}
	add(wsframe.Text, false, 500)
	add(wsframe.Ping, true, 8)
	add(wsframe.Cont, true, 3000)
	add(wsframe.Binary, true, 100_000)
	for range 200 {
		add(wsframe.Binary, true, 3)
	}
	return turn, payload
}

// TestNoAllocationPerBatch drives the real legs over socket pairs, plain and TLS, and counts what the pump and the legs
// allocate themselves: allocations whose innermost function outside the runtime is of this module. What crypto/tls
// allocates for a record is not ours. One for each batch, ping or turn fails.
func TestNoAllocationPerBatch(t *testing.T) {
	rate := runtime.MemProfileRate
	runtime.MemProfileRate = 1
	t.Cleanup(func() { runtime.MemProfileRate = rate })
	for _, p := range pairs {
		t.Run(p.name, func(t *testing.T) {
			j := join(t, p.make, flow.Limits{})
			turn, payload := mixed()
			drain := newDrain(t, j.listener)
			run := func(turns int) {
				for range turns {
					send(t, j.sender, turn)
					drain.payload(payload)
				}
			}
			go func() { // the pongs of the sender's pings
				pongs := make([]byte, 4096)
				for {
					if _, err := j.sender.Read(pongs); err != nil {
						return
					}
				}
			}()
			run(20) // buffers and pools
			const turns = 300
			before := ownAllocations()
			run(turns)
			after := ownAllocations()
			total := 0
			for where, n := range after {
				if raceEnabled && strings.Contains(where, "/leg.init.func") {
					continue // what a pool made anew
				}
				if n -= before[where]; n > 0 {
					t.Logf("%d in %s", n, where)
					total += int(n)
				}
			}
			if total > turns/20 { // a garbage collection may empty the pools now and then
				t.Errorf("%d allocations in %d turns of about ten batches", total, turns)
			}
		})
	}
}

// TestAllocationsAreCounted: the count sees an allocation of this module, so that the test above can fail.
func TestAllocationsAreCounted(t *testing.T) {
	rate := runtime.MemProfileRate
	runtime.MemProfileRate = 1
	t.Cleanup(func() { runtime.MemProfileRate = rate })
	count := func() (n int64) {
		for _, one := range ownAllocations() {
			n += one
		}
		return n
	}
	before := count()
	_, ours := socketPair(t)
	for range 50 {
		leg.NewWS(ours, nil, leg.Options{})
	}
	if got := count() - before; got < 50 {
		t.Errorf("%d allocations counted, at least 50 made", got)
	}
}

// ownAllocations counts the allocations so far by the function of this module that made them, tests left out.
func ownAllocations() map[string]int64 {
	runtime.GC()
	runtime.GC() // the profile is that of the collection before the last
	var records []runtime.MemProfileRecord
	for n, ok := runtime.MemProfile(nil, true); !ok; {
		records = make([]runtime.MemProfileRecord, n+50)
		n, ok = runtime.MemProfile(records, true)
		if ok {
			records = records[:n]
		}
	}
	counts := make(map[string]int64)
	for i := range records {
		frames := runtime.CallersFrames(records[i].Stack())
		for more := true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			if strings.HasPrefix(f.Function, "runtime.") {
				continue
			}
			if strings.Contains(f.Function, "causeway-relay/causeway/") && !strings.Contains(f.Function, "leg_test.") {
				counts[f.Function] += records[i].AllocObjects
			}
			break
		}
	}
	return counts
}

// drainer reads frames as a listener and counts payload, without allocating.
type drainer struct {
	t    testing.TB
	conn io.Reader
	buf  []byte
	have int
}

func newDrain(t testing.TB, conn net.Conn) *drainer {
	return &drainer{t: t, conn: conn, buf: make([]byte, 256<<10)}
}

// payload reads until n bytes of data frames have come.
func (d *drainer) payload(n int) {
	for n > 0 {
		h, size, err := wsframe.Decode(d.buf[:d.have])
		if err != nil {
			d.t.Fatal(err)
		}
		whole := size + int(h.Len)
		if size == 0 || d.have < whole {
			m, err := d.conn.Read(d.buf[d.have:])
			if err != nil {
				d.t.Fatal(err)
			}
			d.have += m
			continue
		}
		if !h.Op.Control() {
			n -= int(h.Len)
		}
		d.have = copy(d.buf, d.buf[whole:d.have])
	}
}

// BenchmarkPump measures the pump with everything around it on this machine's loopback.
func BenchmarkPump(b *testing.B) {
	for _, p := range pairs {
		for name, size := range map[string]int{"64KiB": 64 << 10, "64B": 64} {
			b.Run(p.name+"/"+name, func(b *testing.B) {
				j := join(b, p.make, flow.Limits{})
				message := frame(wsframe.Binary, true, pattern(size))
				batch := bytes.Repeat(message, max(1, (64<<10)/len(message)))
				drain := newDrain(b, j.listener)
				b.SetBytes(int64(size * (len(batch) / len(message))))
				b.ReportAllocs()
				for b.Loop() {
					send(b, j.sender, batch)
					drain.payload(size * (len(batch) / len(message)))
				}
			})
		}
	}
}
