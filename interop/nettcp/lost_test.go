package nettcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/trust"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// addAction and addText are a call of the contract echo, which answers 42.
const (
	addAction = `"http://tempuri.org/IEcho/Add"`
	addText   = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Add xmlns="http://tempuri.org/"><a>2</a><b>40</b></Add></s:Body></s:Envelope>`
)

// outcome is what became of a session.
type outcome int

const (
	whole   outcome = iota
	unheard         // the service took the connection, and acknowledged nothing within lostTime
)

// lostTime is how long a session may wait for its acknowledgement until it counts as lost. Mono's take a tenth of a second.
const lostTime = 3 * time.Second

// session plays one session straight at a service: message is asked, and its end awaited, as WCF's own clients do. An error is any other
// failure, such as an acknowledged session whose message is not answered.
func session(address, via string, message []byte) (outcome, error) {
	conn, err := net.DialTimeout("tcp", address, interop.Patience)
	if err != nil {
		return whole, err
	}
	defer conn.Close()
	hello := framing.Preamble{Mode: framing.Duplex, Via: via, Encoding: framing.BinarySession}
	if _, err := conn.Write(hello.Append(nil)); err != nil {
		return whole, err
	}
	_ = conn.SetDeadline(time.Now().Add(lostTime))
	ack := make([]byte, 1)
	if _, err := io.ReadFull(conn, ack); err != nil || ack[0] != byte(framing.PreambleAck) {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return unheard, nil
		}
		return whole, fmt.Errorf("in the place of an acknowledgement %x, %w", ack, err)
	}
	_ = conn.SetDeadline(time.Now().Add(interop.Patience))
	if _, err := conn.Write(framing.AppendSized(nil, message)); err != nil {
		return whole, err
	}
	answer := make([]byte, 4096)
	if n, err := conn.Read(answer); err != nil || !bytes.Contains(answer[:n], []byte("AddResult")) && !bytes.Contains(answer[:n], []byte("AddResponse")) {
		return whole, fmt.Errorf("an answer %q, %w", answer[:n], err)
	}
	if _, err := conn.Write([]byte{byte(framing.End)}); err != nil {
		return whole, err
	}
	_, err = io.Copy(io.Discard, conn)
	return whole, err
}

// TestMonoLosesSessions: Mono's service, with no gateway anywhere, loses sessions that come while it closes the one before: it accepts the
// connection and acknowledges nothing, for good. What it has acknowledged it answers, always: that is what lets a connector ask again on a
// fresh connection. Behind a converting connector every call of a SOAP client in a row is answered, though each is a session.
func TestMonoLosesSessions(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	const calls = 25
	t.Run("directly", func(t *testing.T) {
		address := mono.Start(t).Service("tcp", "echo")
		listen := strings.TrimSuffix(strings.TrimPrefix(address, "net.tcp://"), "/svc")
		soap11, _ := convert.Find("basicHttp")
		netTCP, _ := convert.Find("netTcp")
		lost, played := 0, 0
		for ; played < calls && lost < 3; played++ { // which is proof enough
			call, err := (&convert.Converter{From: soap11, To: netTCP}).Request(
				convert.Message{ContentType: "text/xml; charset=utf-8", SOAPAction: []string{addAction}, Body: []byte(addText)}, convert.Options{To: address, Target: convert.NewSession()})
			if err != nil {
				t.Fatal(err)
			}
			switch got, err := session(listen, address, call.Out.Body); {
			case err != nil:
				t.Fatalf("a session that was acknowledged: %v", err)
			case got == unheard:
				lost++
			}
		}
		t.Logf("%d of %d sessions in a row were lost", lost, played)
	})
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		s.Add(&entity.Entity{Name: "sums", Kind: entity.HTTP, AnonymousSenders: true})
		convertTo(t, s, "sums", mono.Start(t).Service("tcp", "echo"), "basicHttp")
		for i := range calls {
			if status, text := testcluster.PostSOAP(t, "http://"+s.Cluster.Node(0).Host("http")+"/sums", addAction, addText); status != http.StatusOK || !strings.Contains(text, "AddResult>42<") {
				t.Fatalf("call %d: %d %s", i, status, text)
			}
		}
	})
}

// convertTo listens with a connector in front of a service, of net.tcp or of SOAP 1.1 over HTTP, for senders that speak a binding.
func convertTo(t *testing.T, s *interop.Stand, name, service, as string) {
	t.Helper()
	up := make(chan struct{}, 1)
	b := connect.New(connect.Params{
		ConnectionString: "Endpoint=sb://" + s.Listen + "/;SharedAccessKeyName=" + s.Rule + ";SharedAccessKey=" + s.Key,
		Roots:            trust.Roots{File: s.CA}, Grace: time.Second, Tell: func(e connect.Event) {
			if e.Kind == connect.ListenerConnected {
				select {
				case up <- struct{}{}:
				default:
				}
			}
		},
	})
	t.Cleanup(func() {
		over, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		b.Shutdown(over)
	})
	if err := b.Apply([]connect.Connector{{Listen: name, Target: service, Convert: connect.Convert{As: as}}}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-up:
	case <-time.After(interop.Patience):
		t.Fatal("the connector does not come online")
	}
}
