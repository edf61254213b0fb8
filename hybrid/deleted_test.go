package hybrid_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
)

// TestServeWhenDeleted: a handler that is busy when its hybrid connection is deleted sees its context end, however the request came and
// whether or not it reads the body; the sender is told why.
func TestServeWhenDeleted(t *testing.T) {
	t.Parallel()
	for nodes := 1; nodes <= suiteNodes; nodes++ {
		for name, length := range map[string]int{"no body": 0, "a short body": 100, "a long body that nobody reads": 1 << 20} {
			t.Run(fmt.Sprintf("%d node(s), %s", nodes, name), func(t *testing.T) {
				t.Parallel()
				began, ended := make(chan struct{}), make(chan error, 1)
				s := behindCluster(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					close(began)
					select {
					case <-r.Context().Done():
						ended <- context.Cause(r.Context())
					case <-time.After(patience):
						ended <- nil
					}
				}), nodes)
				answer := make(chan string, 1)
				r := s.request(t, http.MethodPost, "/", strings.NewReader(strings.Repeat("x", length)))
				go func() { answer <- told(s.client.Do(r)) }()
				<-began
				s.deletes(t, "hyco")
				if err := <-ended; err == nil {
					t.Error("the handler's context goes on")
				}
				if got := <-answer; !strings.HasPrefix(got, "404 ") && length < 1<<20 { // who still sends may meet the end of the connection first
					t.Errorf("the sender was told %s", got)
				}
			})
		}
	}
}

// deletes takes an entity from the store of the cluster.
func (s *stand) deletes(t *testing.T, name string) {
	t.Helper()
	at, err := entity.NewAddress("", name)
	if err == nil {
		err = s.cluster.Store().Delete(t.Context(), at, store.Any)
	}
	if err != nil {
		t.Fatal(err)
	}
}
