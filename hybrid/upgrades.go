package hybrid

import (
	"context"
	"net/http"
	"sync"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/internal/handler"
)

// upgrades gives the WebSockets of senders to the handler of Serve.
type upgrades struct {
	x    *handler.Exchanger
	life context.Context
	end  context.CancelFunc
	runs sync.WaitGroup

	mu   sync.Mutex // guards runs against drain
	over bool
}

// serve answers one sender: its handler may run as long as the WebSocket lives.
func (u *upgrades) serve(_ context.Context, s *Sender) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.over {
		return // the gateway gives it to another listener
	}
	u.runs.Go(func() {
		r := s.Request()
		fields := make(shape.Fields, 0, len(r.Fields))
		fields = append(fields, r.Fields...)
		fields.Del("Sec-WebSocket-Extensions") // the gateway has none
		u.x.Upgrade(u.life, &shape.Request{
			Hello:  shape.Hello{Tracking: r.TrackingID, Target: r.Target, Host: fields.Get("Host"), Fields: fields, Remote: r.Remote},
			Method: http.MethodGet,
		}, s.Upgrade())
	})
}

// drain waits for the handlers until ctx ends, and then ends their contexts and cuts what they still hold.
func (u *upgrades) drain(ctx context.Context) {
	u.mu.Lock()
	u.over = true
	u.mu.Unlock()
	defer context.AfterFunc(ctx, u.end)()
	u.runs.Wait()
	u.end()
}
