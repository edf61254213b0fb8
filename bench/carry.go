package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/conversion"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
	"github.com/causeway-relay/causeway/internal/heap"
)

// mostCarried bounds a message.
const mostCarried = 4 << 20

// carry is two listeners that take calls to a service of net.tcp, as a process: args are the entity whose messages go as they are, the one
// whose messages are converted from SOAP 1.1, and the service. What a conversion adds is measured between the two: they are one program,
// on the product's Go API, have each message in a session of its own by the same code, and keep no account of their own. The gateway
// is named by the environment.
func carry(ctx context.Context, args []string) error {
	defer heap.Tune(os.Getenv)() // as a connector does
	var ending sync.WaitGroup    // sessions, behind their answers
	defer ending.Wait()
	service := &carrier{at: args[2], sessions: framed.Client{Go: ending.Go, Life: ctx}}
	defer service.sessions.Close()
	from, _ := convert.Find(convert.BasicHTTP)
	to, _ := convert.Find(convert.NetTCP)
	var open []*hybrid.Listener
	defer func() {
		for _, l := range open {
			_ = l.Close() // the process ends
		}
	}()
	for entity, x := range map[string]shape.Exchanger{
		args[0]: service,
		args[1]: &conversion.Conversion{
			Converter: &convert.Converter{From: from, To: to}, Relay: args[1],
			Address: func(*shape.Hello) string { return service.address() }, Dial: service.dial, Sessions: &service.sessions,
		},
	} {
		l, err := hybrid.Listen(ctx, os.Getenv("CAUSEWAY_CONNECTION_STRING"), hybrid.WithEntity(entity), hybrid.WithExchanger(x))
		if err != nil {
			return err
		}
		open = append(open, l)
	}
	<-ctx.Done()
	return nil
}

// carrier is a service of net.tcp, and who makes its sessions. It implements shape.Exchanger.
type carrier struct {
	at       string
	sessions framed.Client
}

func (c *carrier) address() string { return "net.tcp://" + c.at + "/bench" }

func (c *carrier) dial(ctx context.Context) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", c.at)
}

// Exchange implements shape.Exchanger: the body is a message as it is, and so is the answer.
func (c *carrier) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	body, err := io.ReadAll(io.LimitReader(req.Body, mostCarried))
	_ = req.Body.Close() // it was read
	if err != nil {
		return nil, err
	}
	answer, err := c.sessions.Call(ctx, c.dial, c.address(), body, false, mostCarried)
	if err != nil {
		return nil, err
	}
	res := &shape.Response{Status: http.StatusOK, Body: shape.Memory(answer)}
	res.Fields.Add("Content-Type", req.Fields.Get("Content-Type"))
	return res, nil
}
