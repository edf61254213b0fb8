package memory_test

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/store/memory"
	"github.com/causeway-relay/causeway/gateway/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Maker{
		New: func(*testing.T) store.Store { return memory.New() },
		Full: func(t *testing.T) store.Store {
			t.Helper()
			s := memory.New()
			for i := range entity.MaxEntities {
				name := fmt.Sprintf("e%d", i)
				e := &entity.Entity{Name: name, At: entity.Address{Path: name}, Kind: entity.Hybrid}
				if _, err := s.Put(t.Context(), e, store.None); err != nil {
					t.Fatal(err)
				}
			}
			return s
		},
	})
}

func BenchmarkPut(b *testing.B) {
	s := memory.New()
	e := storetest.Entity("hyco")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Put(b.Context(), e, store.Any); err != nil {
			b.Fatal(err)
		}
	}
}
