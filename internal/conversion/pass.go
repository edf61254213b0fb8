package conversion

import (
	"context"
	"fmt"

	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// pass gives a service of HTTP what is in its own binding as it came, head and body, and its answer likewise: that one streams, and is not
// bounded. A one-way message is delivered also when its sender has gone, as a converted one is.
func (c *Conversion) pass(ctx context.Context, call *convert.Call, req *shape.Request, body []byte) (*shape.Response, error) {
	same := *req
	same.Body = shape.Memory(body)
	if !call.OneWay {
		return c.Ask.Exchange(ctx, &same)
	}
	ctx, done := c.outlive(ctx)
	defer done()
	res, err := c.Ask.Exchange(ctx, &same)
	if err != nil || res.Body == nil {
		return res, err
	}
	answer, err := c.gather(res.Body) // ctx ends here, and a body with it
	switch {
	case err != nil:
		return nil, fail.Wrap(fail.ListenerLost, "read the answer", err)
	case len(answer) > c.most():
		return nil, fail.Wrap(fail.ListenerLost, "read the answer", fmt.Errorf("more than %d bytes behind a one-way message", c.most()))
	}
	res.Body = shape.Memory(answer)
	return res, nil
}
