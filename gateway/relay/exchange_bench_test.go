package relay_test

import (
	"context"
	"testing"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/mesh"
	meshmemory "github.com/causeway-relay/causeway/gateway/mesh/memory"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/store/memory"
)

// idle is a body that has ended, and costs nothing.
type idle struct{}

func (idle) Size() int64              { return 1 }
func (idle) Read([]byte) (int, error) { return 1, nil }
func (idle) Close() error             { return nil }

// stand is a relay of one node with a listener that answers at once.
func stand(b testing.TB) *relay.Relay {
	b.Helper()
	s := memory.New()
	at, err := entity.NewAddress("", "hyco")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Put(b.Context(), &entity.Entity{Name: "hyco", At: at, Kind: entity.Hybrid, AnonymousSenders: true}, store.Any); err != nil {
		b.Fatal(err)
	}
	bus, err := meshmemory.NewNet(mesh.Timing{}).Join(b.Context(), mesh.Node{Num: 1})
	if err != nil {
		b.Fatal(err)
	}
	r := relay.New(relay.Params{Store: s, Bus: bus, Verifiers: map[auth.Scheme]auth.Verifier{auth.SAS: verifier{}}})
	r.Open()
	l := &relay.Listener{ID: "one", Leave: func(*shape.End) {}, Exchange: exchanger(func(_ context.Context, req *shape.Request) (*shape.Response, error) {
		_, _ = req.Body.Read(nil)
		return &shape.Response{Status: 200, Body: idle{}}, nil
	})}
	seat, err := r.Listen(b.Context(), relay.Ask{Need: entity.Listen, Cred: sas("Listen")}, hello("hyco"), l)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		seat.Leave(&shape.End{})
		r.Close()
		_ = bus.Close()
	})
	return r
}

// TestExchangeAllocations: reading a body through the relay allocates nothing, and an exchange little.
func TestExchangeAllocations(t *testing.T) {
	r := stand(t)
	req := request("hyco", idle{})
	var p [10]byte
	if n := testing.AllocsPerRun(200, func() {
		resp, err := r.Exchange(t.Context(), relay.Ask{Need: entity.Send}, req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = resp.Body.Read(p[:])
		resp.Body.Close()
	}); n > 13 {
		t.Errorf("%v allocations an exchange", n)
	}
	resp, err := r.Exchange(t.Context(), relay.Ask{Need: entity.Send}, req)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(200, func() { _, _ = resp.Body.Read(p[:]) }); n != 0 {
		t.Errorf("%v allocations a read", n)
	}
	resp.Body.Close()
}

// BenchmarkExchange is what the relay itself costs: admit, find, ask, account.
func BenchmarkExchange(b *testing.B) {
	r := stand(b)
	req := request("hyco", idle{})
	b.ReportAllocs()
	for b.Loop() {
		resp, err := r.Exchange(b.Context(), relay.Ask{Need: entity.Send}, req)
		if err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
	}
}
