package memory_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/mesh/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSmoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memory.NewNet(mesh.Timing{})
		var all []mesh.Bus
		for i := range 3 {
			b, err := n.Join(context.Background(), mesh.Node{Num: mesh.Num(i + 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			all = append(all, b)
		}
		start := time.Now()
		got := map[string]bool{}
		stop := all[2].Watch(func(c mesh.Change) {
			for _, h := range c.Added {
				got[h.ID] = true
			}
		})
		defer stop()
		release, err := all[0].Hold(t.Context(), mesh.Holding{At: entity.Address{Path: "a"}, ID: "x", Channel: 1, Shapes: mesh.Stream})
		if err != nil {
			t.Fatal(err)
		}
		t.Log(time.Since(start), got)
		release()
		all[1].Handle("q", func(ctx context.Context, from mesh.Num, b []byte) ([]byte, error) { return append(b, "!"...), nil })
		b, err := all[0].Ask(t.Context(), 2, "q", []byte("hi"))
		t.Log(string(b), err)
		for range 1000 {
			if err := all[0].Tell(t.Context(), 2, "q", []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		t.Log(time.Since(start), all[0].Nodes())
	})
}
