package desk_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
	contract "github.com/causeway-relay/causeway/interop/soap/desk"
	"github.com/causeway-relay/causeway/interop/soap/peers"
	"github.com/causeway-relay/causeway/interop/wsdl/desk"
	"github.com/causeway-relay/causeway/rpc"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/wsdl/gengo"
	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a Source of one file.
type memory string

// Open gives the text, whatever is asked for.
func (m memory) Open(_, location string) (file string, content []byte, err error) {
	return location, []byte(m), nil
}

// TestGenerated: the package is what the generator makes of the contract today, so that the stories are of its code and no other.
func TestGenerated(t *testing.T) {
	d, err := load.Load(memory(contract.WSDL(desk.Soap11Address, desk.Soap12Address)), "desk.wsdl", load.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := gengo.Generate(ir.Lower(d, ir.Options{}), gengo.Options{Package: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range out.Files {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator makes: causeway wsdl go --out interop/wsdl/desk --package desk DESK.wsdl, "+
				"with the address %s for both ports", name, desk.Soap11Address)
		}
	}
}

// relayed serves a handler by a relay and gives the address that plain clients call; it ends with the test.
func relayed(t *testing.T, s *interop.Stand, name string, h http.Handler) string {
	t.Helper()
	s.Add(&entity.Entity{Name: name, Kind: entity.HTTP, AnonymousSenders: true})
	ctx, cancel := context.WithCancel(context.Background())
	online, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- hybrid.Serve(ctx, "Endpoint=sb://"+s.Listen+"/;SharedAccessKeyName="+s.Rule+";SharedAccessKey="+s.Key, h,
			hybrid.WithEntity(name), hybrid.WithCAFile(s.CA), hybrid.WithEvents(func(e hybrid.Event) {
				if e.Kind == hybrid.Online {
					select {
					case online <- struct{}{}:
					default:
					}
				}
			}))
	}()
	t.Cleanup(func() {
		cancel()
		if err := interop.Take(t, ended, "the end of the service"); err != nil {
			t.Errorf("serve %s: %v", name, err)
		}
	})
	select {
	case <-online:
	case <-time.After(interop.Patience):
		t.Fatalf("nobody listens for %s", name)
	}
	return "http://" + s.Cluster.Node(0).Host("http") + "/" + name
}

// to passes what comes to the service at address.
func to(t *testing.T, address string) http.Handler {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL, r.Out.Host = target, target.Host }}
}

// clients gives the generated client of a version at an address.
func clients(t *testing.T, v soap.Version, address string, opts ...rpc.Option) *desk.DeskClient {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	opts = append(slices.Clip(opts), rpc.WithHTTPClient(&http.Client{Transport: transport, Timeout: 2 * interop.Patience}))
	if v == soap.V12 {
		return desk.NewDeskClient12(address, opts...)
	}
	return desk.NewDeskClient(address, opts...)
}

// TestOwn: without programs of others, the generated client and server tell each other all there is of the contract, in text, in MTOM and in
// the binary form.
func TestOwn(t *testing.T) {
	for name, form := range map[string][]rpc.Option{"text": nil, "MTOM": {rpc.WithMTOM()}, "binary": {rpc.WithBinary()}} {
		for _, v := range []soap.Version{soap.V11, soap.V12} {
			if name == "binary" && v == soap.V11 {
				continue // it is of SOAP 1.2 alone
			}
			t.Run(name+"/"+v.String(), func(t *testing.T) {
				s := &service{}
				at := httptest.NewServer(desk.NewDeskHandler(s, rpc.HandleStrict()))
				defer at.Close()
				client(t, clients(t, v, at.URL, form...))
				for _, op := range operations {
					if !s.saw(op) {
						t.Errorf("%s did not come", op)
					}
				}
			})
		}
	}
}

// TestClientAtMono: the generated client calls Mono's service in both versions, directly and through the gateway.
func TestClientAtMono(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	services := mono.Start(t)
	forms := map[soap.Version]string{}
	for v, binding := range map[soap.Version]string{soap.V11: "basic", soap.V12: "soap12"} {
		forms[v] = services.Service(binding, "desk")
		t.Run("direct/"+v.String(), func(t *testing.T) {
			client(t, clients(t, v, forms[v]))
			services.Await(`^notified$`)
		})
	}
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for v, address := range forms {
			at := relayed(t, s, "mono-"+map[soap.Version]string{soap.V11: "11", soap.V12: "12"}[v], to(t, address))
			client(t, clients(t, v, at))
			services.Await(`^notified$`)
		}
	})
}

// operations are those of which a caller must have made each.
var operations = []string{"Echo", "Add", "Submit", "Blob", "Store", "Fail sender", "Fail receiver", "Fail typed", "Whoami", "Notify"}

// monoSteps are the story of Mono's client at a desk.
const monoSteps = "desk-words,desk-empty,desk-nil,desk-add,desk-submit,desk-blob,desk-store,desk-whoami,desk-sender,desk-receiver,desk-typed,desk-notify"

// caller is a program that calls a desk and judges it: exit code 0 says that all was right.
type caller struct {
	name, part string
	call       func(t *testing.T, address string, v soap.Version) *interop.Program
}

func callers() []caller {
	all := []caller{{"Mono", "mono", func(t *testing.T, address string, v soap.Version) *interop.Program {
		t.Helper()
		return mono.Call(t, map[soap.Version]string{soap.V11: "basic", soap.V12: "soap12-nobom"}[v], "desk", address, monoSteps)
	}}}
	for _, p := range peers.All() {
		if p.Name == "zeep" || p.Name == "PHP" {
			all = append(all, caller{p.Name, p.Part, func(t *testing.T, address string, v soap.Version) *interop.Program {
				t.Helper()
				return p.Client(t, address, peers.Form{Version: v})
			}})
		}
	}
	return all
}

// judge lets a caller call a service of ours at an address, and asks both sides: the caller found every answer right, and the service saw
// every operation.
func judge(t *testing.T, c caller, v soap.Version, s *service, address string) {
	t.Helper()
	p := c.call(t, address, v)
	p.End(4 * interop.Patience)
	if p.Code() != 0 {
		t.Errorf("%s, %s: exit code %d\n%s", c.name, v, p.Code(), p.Text())
	}
	for _, op := range operations {
		if !s.saw(op) {
			t.Errorf("%s, %s: %s did not come", c.name, v, op)
		}
	}
}

// TestServer: Mono, zeep and PHP call the generated server in both versions, directly and through the gateway, where hybrid.Serve has it.
func TestServer(t *testing.T) {
	t.Parallel()
	versions := []soap.Version{soap.V11, soap.V12}
	for _, c := range callers() {
		t.Run("direct/"+c.name, func(t *testing.T) {
			interop.Need(t, c.part)
			for _, v := range versions {
				s := &service{}
				at := httptest.NewServer(handler(s))
				judge(t, c, v, s, at.URL+"/desk")
				at.Close()
			}
		})
	}
	interop.OnNodes(t, func(t *testing.T, stand *interop.Stand) {
		for _, c := range callers() {
			t.Run(c.name, func(t *testing.T) {
				interop.Need(t, c.part)
				for _, v := range versions {
					s := &service{}
					name := strings.ToLower(c.name) + strings.NewReplacer("SOAP ", "-", ".", "").Replace(v.String())
					judge(t, c, v, s, relayed(t, stand, name, handler(s)))
				}
			})
		}
	})
}
