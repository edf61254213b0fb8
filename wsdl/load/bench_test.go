package load_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// cost is what reading a description takes.
type cost struct {
	c               wsdltest.Case
	took            time.Duration
	allocated, size uint64
}

func costOf(t testing.TB, c wsdltest.Case) cost {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	d := c.Load(t)
	out := cost{c: c, took: time.Since(began)}
	runtime.ReadMemStats(&after)
	out.allocated = after.TotalAlloc - before.TotalAlloc
	for _, f := range d.Files {
		out.size += uint64(len(f.Bytes))
	}
	return out
}

// largest gives the description of the corpus that takes the most memory to read.
func largest(t testing.TB) cost {
	var most cost
	for _, c := range wsdltest.Cases(t) {
		if now := costOf(t, c); now.allocated > most.allocated {
			most = now
		}
	}
	return most
}

// TestLargest: the largest description is read in less than 2 s and 300 MB, and one that is four times as large in 300 MB too.
func TestLargest(t *testing.T) {
	most := largest(t)
	t.Logf("%s: %d kB in %v, %d MB allocated", most.c.Name, most.size>>10, most.took, most.allocated>>20)
	if most.took > 2*time.Second || most.allocated > 300<<20 {
		t.Errorf("%s: %v and %d MB", most.c.Name, most.took, most.allocated>>20)
	}
	var body strings.Builder
	for i := range 15_000 {
		fmt.Fprintf(&body, `<xs:element name="e%d" type="t:T%d"/><xs:complexType name="T%d"><xs:sequence><xs:element name="a" type="xs:string" minOccurs="0"/>`+
			`<xs:element name="next" type="t:T%d" minOccurs="0"/></xs:sequence><xs:attribute name="k" type="xs:int"/></xs:complexType>`, i, i, i, (i*7+1)%15_000)
	}
	text := schema(body.String())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	read(t, files{"main": text})
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
	t.Logf("made: %d kB in %v, %d MB allocated", len(text)>>10, took, allocated)
	if allocated > 300 { // its time is the benchmark's matter: machines are busy
		t.Errorf("made: %d MB", allocated)
	}
}

// BenchmarkLoad reads the largest description of the corpus.
func BenchmarkLoad(b *testing.B) {
	most := largest(b)
	b.SetBytes(int64(most.size))
	b.ReportAllocs()
	for b.Loop() {
		most.c.Load(b)
	}
}
