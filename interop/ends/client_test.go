package ends

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
	"github.com/causeway-relay/causeway/interop"
)

// Calls of the contract echo: one that is held until its service ends, and one that is answered.
const (
	sleepAction = `"http://tempuri.org/IEcho/Sleep"`
	sleepText   = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Sleep xmlns="http://tempuri.org/"><milliseconds>7</milliseconds></Sleep></s:Body></s:Envelope>`
	addAction   = `"http://tempuri.org/IEcho/Add"`
	addText     = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Add xmlns="http://tempuri.org/"><a>2</a><b>40</b></Add></s:Body></s:Envelope>`
)

// client is what calls in these stories, beside .NET's.
type client interface {
	// hold makes the call that is not answered, and returns when it is on its way. What came of it is given to heard.
	hold(t *testing.T, to place) (heard <-chan string, abort func())
	// add makes the call that is answered, and says what is wrong with it.
	add(ctx context.Context, to place) error
}

// place is where a client finds a service: door and relay are the gateway's, service the address that messages name, at the one where it
// listens.
type place struct{ door, relay, service, at string }

// framer speaks net.tcp.
type framer struct{}

// binary gives a call in the form of net.tcp, in a session of its own.
func binary(action, text, to string) ([]byte, error) {
	soap11, _ := convert.Find("basicHttp")
	netTCP, _ := convert.Find("netTcp")
	call, err := (&convert.Converter{From: soap11, To: netTCP}).Request(
		convert.Message{ContentType: "text/xml; charset=utf-8", SOAPAction: []string{action}, Body: []byte(text)}, convert.Options{To: to, Target: convert.NewSession()})
	if err != nil {
		return nil, err
	}
	return call.Out.Body, nil
}

func (p place) via() string { return "net.tcp://" + p.door + "/" + p.relay }

func (p place) dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", p.door)
}

func (framer) hold(t *testing.T, to place) (heard <-chan string, abort func()) {
	t.Helper()
	message, err := binary(sleepAction, sleepText, to.service)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := framed.Open(interop.Context(t), to.dial, to.via())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(framing.AppendSized(nil, message)); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	go func() {
		b, err := io.ReadAll(conn)
		_ = conn.Close()
		said <- ending(b, err)
	}()
	t.Cleanup(func() { _ = conn.Close() })
	return said, func() {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
}

// ending is how a connection ended that was to bring an answer.
func ending(b []byte, err error) string {
	switch {
	case len(b) > 0:
		return fmt.Sprintf("bytes: %x", b)
	case err == nil:
		return "closed"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, net.ErrClosed):
		return "aborted"
	}
	return err.Error()
}

func (framer) add(ctx context.Context, to place) error {
	message, err := binary(addAction, addText, to.service)
	if err != nil {
		return err
	}
	answer, err := framed.Call(ctx, to.dial, to.via(), message, false, 1<<16)
	if err == nil && !bytes.Contains(answer, []byte("AddResponse")) && !bytes.Contains(answer, []byte("AddResult")) {
		err = fmt.Errorf("an answer %q", answer)
	}
	return err
}

// poster speaks SOAP 1.1 over HTTP.
type poster struct{}

func post(ctx context.Context, to place, action, text string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+to.door+"/"+to.relay, strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.Header.Set("SOAPAction", action)
	req.Close = true
	return http.DefaultClient.Do(req)
}

func (poster) hold(t *testing.T, to place) (heard <-chan string, abort func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(interop.Context(t))
	t.Cleanup(cancel)
	said := make(chan string, 1)
	go func() {
		res, err := post(ctx, to, sleepAction, sleepText)
		switch {
		case err == nil:
			_ = res.Body.Close()
			said <- strings.TrimSpace(fmt.Sprintf("%d %s", res.StatusCode, res.Header.Get("Causeway-Error")))
		case ctx.Err() != nil:
			said <- "aborted"
		case errors.Is(err, io.EOF):
			said <- "closed"
		default:
			said <- ending(nil, err)
		}
	}()
	return said, cancel
}

func (poster) add(ctx context.Context, to place) error {
	res, err := post(ctx, to, addAction, addText)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || !bytes.Contains(b, []byte("AddResult>42<"))) {
		err = fmt.Errorf("an answer %d %s", res.StatusCode, b)
	}
	return err
}
