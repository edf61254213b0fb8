package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
)

// mostCarried bounds a message.
const mostCarried = 4 << 20

// carry is a listener that takes requests to a service of net.tcp and converts nothing, as a process: args are the entity and the
// service. It is what the conversion of `causeway listen --as` is measured beside, so it stands on the same Go API and has each
// message in a session of its own by the same code; what differs is the conversion. The gateway is named by the environment.
func carry(ctx context.Context, args []string) error {
	l, err := hybrid.Listen(ctx, os.Getenv("CAUSEWAY_CONNECTION_STRING"), hybrid.WithEntity(args[0]), hybrid.WithExchanger(carrier(args[1])))
	if err != nil {
		return err
	}
	<-ctx.Done()
	return l.Close()
}

// carrier is the address of a service of net.tcp. It implements shape.Exchanger.
type carrier string

// Exchange implements shape.Exchanger: the body is a message as it is, and so is the answer.
func (c carrier) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	body, err := io.ReadAll(io.LimitReader(req.Body, mostCarried))
	_ = req.Body.Close() // it was read
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context) (net.Conn, error) { return (&net.Dialer{}).DialContext(ctx, "tcp", string(c)) }
	answer, err := framed.Call(ctx, dial, "net.tcp://"+string(c)+"/bench", body, false, mostCarried)
	if err != nil {
		return nil, err
	}
	res := &shape.Response{Status: http.StatusOK, Body: shape.Memory(answer)}
	res.Fields.Add("Content-Type", req.Fields.Get("Content-Type"))
	return res, nil
}
