package http

import (
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/conversion"
	"github.com/causeway-relay/causeway/internal/leg"
)

// closing is how long the service of these tests takes to say End.
const closing = 50 * time.Millisecond

// late is a service's end of a connection: its End comes late, and then it closes, as WCF's do when the client has ended what it sends.
type late struct{ net.Conn }

// Write implements net.Conn.
func (l late) Write(b []byte) (int, error) {
	if len(b) == 1 && b[0] == byte(framing.End) {
		<-time.After(closing)
		defer l.Conn.Close()
	}
	return l.Conn.Write(b)
}

// house is a listener whose streams lead to a service of net.tcp.
type house struct {
	t   *testing.T
	all sync.WaitGroup
}

// Exchange implements shape.Exchanger, and is not asked.
func (h *house) Exchange(context.Context, *shape.Request) (*shape.Response, error) {
	return nil, fmt.Errorf("%T was asked by an exchange", h)
}

// Open implements shape.Opener.
func (h *house) Open(context.Context) (shape.Leg, error) {
	from, _ := convert.Find("netTcp")
	to, _ := convert.Find("wsHttp")
	service := &conversion.Conversion{Converter: &convert.Converter{From: from, To: to}, Address: func(*shape.Hello) string { return "http://x" }, Ask: adds{}}
	near, far := net.Pipe()
	h.all.Go(func() {
		defer far.Close()
		_ = service.Serve(h.t.Context(), late{far}, &shape.Hello{}) // it closes by itself
	})
	return leg.NewTCP(near, nil, time.Minute), nil
}

// adds is what stands behind it.
type adds struct{}

var idOf = regexp.MustCompile(`MessageID>([^<]*)<`)

// Exchange implements shape.Exchanger.
func (adds) Exchange(_ context.Context, req *shape.Request) (*shape.Response, error) {
	b, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	return &shape.Response{
		Status: 200, Fields: shape.Fields{{Name: "Content-Type", Value: "application/soap+xml; charset=utf-8"}},
		Body: shape.Memory(fmt.Appendf(nil, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>`+
			`<a:Action>urn:answer</a:Action><a:RelatesTo>%s</a:RelatesTo></s:Header><s:Body><Sum>15</Sum></s:Body></s:Envelope>`, idOf.FindSubmatch(b)[1])),
	}, nil
}

// TestPipelineLearns: what a service has shown of itself is known at the next exchange of its entity, and of no other: the first waits for
// the end of its session, the next has its answer before.
func TestPipelineLearns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pipeline
		h := &house{t: t}
		for i, row := range []struct {
			name string
			want time.Duration
		}{{"calc", closing}, {"calc", 0}, {"other", closing}, {"calc", 0}} {
			e := &entity.Entity{At: entity.Address{Path: row.name}, Name: row.name, Kind: entity.HTTP, Settings: entity.Settings{Convert: entity.Conversion{Binding: "netTcp"}}}
			req := &shape.Request{Method: "POST", Body: shape.Memory([]byte(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Add/></s:Body></s:Envelope>`))}
			req.Target, req.Fields = "/"+row.name, shape.Fields{{Name: "Content-Type", Value: "text/xml; charset=utf-8"}, {Name: "SOAPAction", Value: `"urn:add"`}}
			began := time.Now()
			res, err := p.Around(e)(h).Exchange(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took != row.want {
				t.Errorf("exchange %d, %s: the answer took %v, want %v", i, row.name, took, row.want)
			}
			if b, err := io.ReadAll(res.Body); err != nil || !strings.Contains(string(b), "<Sum>15</Sum>") {
				t.Errorf("%s, %v", b, err)
			}
			_ = res.Body.Close()
			if took := time.Since(began); took != closing {
				t.Errorf("exchange %d, %s: all of it took %v", i, row.name, took)
			}
		}
		h.all.Wait()
		for i := range maxPrompt {
			p.of(entity.Address{Path: fmt.Sprint(i)})
		}
		if len(p.prompt) >= maxPrompt {
			t.Errorf("of %d entities it is kept", len(p.prompt))
		}
	})
}
