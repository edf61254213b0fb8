package shape_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// TestAs: each form is made once, whoever asks for it and however many at a time; a form that cannot be made stays that.
func TestAs(t *testing.T) {
	m := &shape.Message{Data: []byte("data")}
	var mu sync.Mutex
	made := map[string]int{}
	enc := func(form string) func(*shape.Message) ([]byte, error) {
		return func(m *shape.Message) ([]byte, error) {
			mu.Lock()
			defer mu.Unlock()
			made[form]++
			if form == "bad" {
				return nil, errors.New("cannot")
			}
			return append([]byte(form+":"), m.Data...), nil
		}
	}
	var wg sync.WaitGroup
	for range 50 {
		for _, form := range []string{"a", "b", "bad"} {
			wg.Go(func() {
				b, err := m.As(form, enc(form))
				if form == "bad" && err == nil || form != "bad" && string(b) != form+":data" {
					t.Errorf("%s: %q, %v", form, b, err)
				}
			})
		}
	}
	wg.Wait()
	if made["a"] != 1 || made["b"] != 1 || made["bad"] != 1 || len(made) != 3 {
		t.Errorf("made %v", made)
	}
}
