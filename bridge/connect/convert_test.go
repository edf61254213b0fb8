package connect_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// TestConvertFlaws: what cannot be converted is told before anything runs, at the key that is wrong and with what to write instead.
func TestConvertFlaws(t *testing.T) {
	const tcp, web = "net.tcp://localhost:808/calc", "http://localhost:8000/calc"
	for name, c := range map[string]struct {
		target  string
		convert connect.Convert
		key     string // "": no flaw
		text    string
	}{
		"to net.tcp":         {tcp, connect.Convert{As: "basicHttp"}, "", ""},
		"to HTTP":            {web, connect.Convert{As: "netTcp"}, "", ""},
		"long name":          {tcp, connect.Convert{As: "WSHttpBinding"}, "", ""},
		"said twice":         {tcp, connect.Convert{As: "wsHttp", TargetAs: "netTcp", OneWay: []string{"urn:x/*"}}, "", ""},
		"equal":              {tcp, connect.Convert{As: "netTcp"}, "", ""},
		"no binding":         {tcp, connect.Convert{As: "msmq"}, "as", "expected one of"},
		"no binding there":   {tcp, connect.Convert{As: "basicHttp", TargetAs: "msmq"}, "targetAs", "expected one of"},
		"web request":        {tcp, connect.Convert{As: "webHttp"}, "as", "bindings --pairs"},
		"other scheme":       {tcp, connect.Convert{As: "basicHttp", TargetAs: "wsHttp"}, "targetAs", "is not spoken at"},
		"bytes":              {"tcp://localhost:22", connect.Convert{As: "basicHttp"}, "target", "net.tcp://"},
		"no path":            {"net.tcp://localhost:808", connect.Convert{As: "basicHttp"}, "target", "PATH"},
		"target alone":       {tcp, connect.Convert{TargetAs: "netTcp"}, "targetAs", "belongs to as"},
		"one-way operations": {tcp, connect.Convert{OneWay: []string{"urn:x"}}, "oneWay", "belongs to as"},
	} {
		t.Run(name, func(t *testing.T) {
			flaws := (&connect.Connector{Listen: "calc", Target: c.target, Convert: c.convert}).Check()
			switch {
			case c.key == "" && len(flaws) > 0:
				t.Error(flaws)
			case c.key != "" && (len(flaws) != 1 || flaws[0].Key != c.key || !strings.Contains(flaws[0].Message, c.text)):
				t.Errorf("got %q, want %q at %s", flaws, c.text, c.key)
			}
		})
	}
}

// TestConvertOneWay: a request of SOAP 1.1 whose action is one-way is 202 and one message of a net.tcp session, in binary; another is
// a fault of SOAP 1.1 that says what to do when the service has no answer.
func TestConvertOneWay(t *testing.T) {
	both(t, func(w *world) {
		w.Add(&entity.Entity{Name: "desk", Kind: entity.HTTP, AnonymousSenders: true})
		heard := make(chan []byte, 4)
		l := service(t, "tcp", "127.0.0.1:0", func(c net.Conn) {
			_ = framed.Serve(t.Context(), c, 1<<16, func(string, string) (framed.Handler, error) {
				return func(_ context.Context, envelope []byte) ([]byte, error) {
					heard <- envelope
					return nil, io.ErrUnexpectedEOF // hangs up: nothing answers here
				}, nil
			})
		})
		e := w.bridge(w.listen, connect.Connector{
			Listen: "desk", Target: "net.tcp://" + l.Addr().String() + "/desk", Convert: connect.Convert{As: "basicHttp", OneWay: []string{"urn:desk/No*"}},
		})
		e.await(connect.ListenerConnected)
		for action, want := range map[string]int{"urn:desk/Notify": http.StatusAccepted, "urn:desk/Ask": http.StatusInternalServerError} {
			status, text := post(t, "http://"+w.Node(0).Host("http")+"/desk", action)
			if status != want {
				t.Errorf("%s: %d %s", action, status, text)
			}
			if want != http.StatusAccepted && (!strings.Contains(text, "name its action by oneWay") || !strings.Contains(text, "schemas.xmlsoap.org/soap/envelope/")) {
				t.Errorf("%s: %s", action, text)
			}
			if got := string(<-heard); !strings.Contains(got, action) || !strings.Contains(got, "hello") || strings.Contains(got, "</") {
				t.Errorf("%s: the service heard %q", action, got)
			}
		}
	})
}

// post sends a message of SOAP 1.1.
func post(t *testing.T, address, action string) (status int, text string) {
	t.Helper()
	const message = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Say xmlns="urn:desk">hello</Say></s:Body></s:Envelope>`
	return testcluster.PostSOAP(t, address, `"`+action+`"`, message)
}
