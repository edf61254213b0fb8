package load

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
)

// TestCallOfAKilobyte: messages have their length, differ by place, and hold their body once.
func TestCallOfAKilobyte(t *testing.T) {
	first, _ := call(0)
	for place := range 3 {
		message, body := call(place)
		if len(message) != callBytes || bytes.Count(message, body) != 1 || bytes.Count(body, []byte("<item>")) < 20 {
			t.Errorf("%d: %d bytes: %s", place, len(message), message)
		}
		if place > 0 && bytes.Equal(message, first) {
			t.Errorf("%d is the same as the first", place)
		}
	}
}

// TestServiceAnswers: the service's answer is one to a converter, with the body that was sent; and what is no SOAP comes back as it is.
func TestServiceAnswers(t *testing.T) {
	_, dial := target(t, nil)
	ask := func(message []byte) []byte {
		t.Helper()
		ctx, stop := context.WithTimeout(t.Context(), grace)
		defer stop()
		got, err := framed.Call(ctx, func(context.Context) (net.Conn, error) { return dial() }, "net.tcp://web.test/bench", message, false, mostBody)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	from, _ := convert.Find("basicHttp")
	to, _ := convert.Find(convert.NetTCP)
	message, body := call(7)
	c, err := (&convert.Converter{From: from, To: to}).Request(
		convert.Message{ContentType: soapType, SOAPAction: []string{`"urn:bench/Echo"`}, Body: message},
		convert.Options{To: "net.tcp://web.test/bench", ID: [16]byte{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	back, fault, err := c.Reply(convert.Message{ContentType: "application/soap+msbinsession1", Body: ask(bytes.Clone(c.Out.Body))})
	if err != nil || fault || !bytes.Contains(back.Body, body) {
		t.Errorf("%v, fault %t: %s", err, fault, back.Body)
	}
	if got := ask(message); !bytes.Equal(got, message) {
		t.Errorf("a message of another kind became %q", got)
	}
	for place := range 64 { // those of Calls
		record := append(appendSize([]byte{recordSized}, callBytes), at(int64(place)*997, callBytes)...)
		changed := bytes.Clone(record)
		if answer(changed); !bytes.Equal(changed, record) {
			t.Errorf("the call of place %d was changed", place)
		}
	}
	for _, short := range []string{"\x06", "\x06\x00", "\x06\x01\x7f", "\x06\x03\x00\x56\x02", "\x06\xff\xff\xff\xff\xff\xff"} {
		b := []byte(short)
		if answer(b); string(b) != short {
			t.Errorf("% x became % x", short, b)
		}
	}
}

// TestConvert: five ways in turn; an answer that is not that of the way is none.
func TestConvert(t *testing.T) {
	spoil := ""
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if strings.HasSuffix(r.URL.Path, "/converted") {
			b = bytes.Replace(b, []byte("s:Envelope"), []byte("t:Envelope"), 2)
		}
		if spoil != "" && strings.HasSuffix(r.URL.Path, spoil) {
			b = bytes.Replace(b, []byte("value 3"), []byte("value 4"), 1)
		}
		if _, err := w.Write(b); err != nil {
			t.Error(err)
		}
	}))
	defer web.Close()
	at := func(path string) *Web {
		return &Web{Dial: func() (net.Conn, error) { return net.Dial("tcp", web.Listener.Addr().String()) }, Host: "web.test", Path: path}
	}
	ways := &Ways{at("/plain"), at("/carried"), at("/converted"), at("/connector"), at("/inside")}
	r, err := Convert(ways, 40*time.Millisecond, quiet)
	if err != nil || r["added"] != r["converted_p50us"]-r["carried_p50us"] {
		t.Errorf("%v %v", r, err)
	}
	for _, name := range []string{"plain", "carried", "converted", "connector", "inside"} {
		if r[name+"_p50us"] <= 0 {
			t.Errorf("%s: %v", name, r)
		}
		spoil = "/" + name
		if err := ways.Try(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("a wrong answer of %s: %v", name, err)
		}
		if r, err := Convert(ways, 10*time.Millisecond, quiet); err == nil {
			t.Errorf("a wrong answer of %s: %v", name, r)
		}
	}
	spoil, ways.Carried = "", at("/converted")
	if err := ways.Try(); err == nil {
		t.Error("another envelope is taken for what was carried")
	}
}
