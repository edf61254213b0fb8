package conversion

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	text11 = "text/xml; charset=utf-8"
	sum11  = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Add xmlns="urn:c">7</Add></s:Body></s:Envelope>`
)

// asks is a service of HTTP as a function.
type asks func(ctx context.Context, req *shape.Request) (*shape.Response, error)

// Exchange implements shape.Exchanger.
func (f asks) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	return f(ctx, req)
}

// between makes a conversion in front of a service of HTTP.
func between(t testing.TB, from, to string, ask asks) *Conversion {
	t.Helper()
	a, ok := convert.Find(from)
	b, ok2 := convert.Find(to)
	if !ok || !ok2 {
		t.Fatal(from, to)
	}
	return &Conversion{
		Converter: &convert.Converter{From: a, To: b, OneWay: []string{"urn:tell"}}, Relay: "calc", Ask: ask,
		Address: func(*shape.Hello) string { return "http://server1/calc" },
	}
}

// posts makes a request with a message of SOAP 1.1.
func posts(action, text string) *shape.Request {
	req := &shape.Request{Method: post, Body: shape.Memory([]byte(text))}
	req.Tracking, req.Target = "track", "/calc/below?x=1"
	req.Fields = shape.Fields{{Name: "content-type", Value: text11}, {Name: "soapaction", Value: `"` + action + `"`}, {Name: "Cookie", Value: "c=1"}, {Name: "X-Other", Value: "2"}}
	return req
}

// said reads a response.
func said(t testing.TB, res *shape.Response) string {
	t.Helper()
	if res.Body == nil {
		return ""
	}
	b, err := io.ReadAll(res.Body)
	if cerr := res.Body.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	return string(b)
}

// TestBelow: what stands behind the relay's name goes on to the service, and nothing else does.
func TestBelow(t *testing.T) {
	for _, row := range []struct{ path, relay, want string }{
		{"/calc", "calc", ""}, {"/calc/", "calc", ""}, {"/calc/x", "calc", "/x"}, {"/CALC/x/y/", "/calc/", "/x/y"}, {"/calc2/x", "calc", ""},
		{"/other/x", "calc", ""}, {"/a%20b/x%2Fy", "a b", "/x%2Fy"}, {"/sales/calc/x", "sales/calc", "/x"}, {"/sales", "sales/calc", ""}, {"", "calc", ""},
	} {
		if got := below(row.path, row.relay); got != row.want {
			t.Errorf("%s at %s: %q, want %q", row.path, row.relay, got, row.want)
		}
	}
}

// TestAt: the service is addressed as the setting says, else by the relay's own address, as the sender dialled it where its door is of the
// service's protocol.
func TestAt(t *testing.T) {
	for _, row := range []struct {
		name    string
		setting entity.Conversion
		framed  bool
		hello   shape.Hello
		want    string // "": nothing is converted
	}{
		{"no setting", entity.Conversion{}, false, shape.Hello{}, ""},
		{"equal", entity.Conversion{Binding: "netTcp"}, true, shape.Hello{}, ""},
		{"named", entity.Conversion{Binding: "netTcp", Address: "net.tcp://server1/calc"}, false, shape.Hello{Door: "https", Host: "h:8443"}, "net.tcp://server1/calc"},
		{"to net.tcp", entity.Conversion{Binding: "netTcp"}, false, shape.Hello{Door: "https", Host: "h:8443"}, "net.tcp://h/sales/a%20b"},
		{"to HTTP, by https", entity.Conversion{Binding: "wsHttp"}, false, shape.Hello{Door: "https", Host: "h:8443"}, "https://h:8443/sales/a%20b"},
		{"to HTTP, by http", entity.Conversion{Binding: "wsHttp"}, false, shape.Hello{Door: "http", Host: "[::1]:80"}, "http://[::1]:80/sales/a%20b"},
		{"to HTTP, by net.tcp", entity.Conversion{Binding: "wsHttp"}, true, shape.Hello{Door: "nettcp", Host: "[::1]:9808"}, "http://[::1]/sales/a%20b"},
		{"nobody said a host", entity.Conversion{Binding: "netTcp"}, false, shape.Hello{Door: "http"}, "net.tcp://localhost/sales/a%20b"},
	} {
		c := At(&entity.Entity{Name: "sales/a b", Settings: entity.Settings{Convert: row.setting}}, row.framed)
		if row.want == "" || c == nil {
			if (row.want == "") != (c == nil) {
				t.Errorf("%s: %+v", row.name, c)
			}
			continue
		}
		if got := c.Address(&row.hello); got != row.want || c.Named != (row.setting.Address != "") {
			t.Errorf("%s: %s, named %v; want %s", row.name, got, c.Named, row.want)
		}
	}
}

// TestAsked: what a service of HTTP is asked: its binding, its path and query, and the sender's fields but for those that say how its
// message was written.
func TestAsked(t *testing.T) {
	var got *shape.Request
	c := between(t, "soap", "wsHttp", func(_ context.Context, req *shape.Request) (*shape.Response, error) {
		got = req
		return &shape.Response{Status: 202}, nil
	})
	res, err := c.Exchange(t.Context(), posts("urn:add", sum11))
	if err != nil || res.Status != 202 || said(t, res) != "" {
		t.Fatalf("%+v, %v", res, err)
	}
	body, _ := io.ReadAll(got.Body)
	if got.Method != post || got.Action != "urn:add" || got.Target != "/calc/below?x=1" || got.Tracking != "track" || !strings.HasPrefix(got.Fields.Get("Content-Type"), "application/soap+xml") ||
		got.Fields.Get("Cookie") != "c=1" || got.Fields.Get("X-Other") != "2" || len(got.Fields) != 3 || !strings.Contains(string(body), ">http://server1/calc/below<") {
		t.Errorf("asked %+v %s", got, body)
	}
}

// broken is a body that ends in the middle.
type broken struct{ shape.Body }

// Read implements io.Reader.
func (broken) Read([]byte) (int, error) { return 0, fail.New(fail.ListenerLost, "gone") }

// TestAnswers: whatever a service of HTTP answers becomes SOAP of the sender's, and what reached nobody stays an error.
func TestAnswers(t *testing.T) {
	const type12 = "application/soap+xml; charset=utf-8"
	envelope := func(body string) string {
		return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>` + body + `</s:Body></s:Envelope>`
	}
	fault := envelope(`<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">no such sum</s:Text></s:Reason></s:Fault>`)
	memory := func(s string) shape.Body { return shape.Memory([]byte(s)) }
	for _, row := range []struct {
		name   string
		status int
		kind   string
		body   shape.Body
		want   int
		says   string
	}{
		{"an answer", 200, type12, memory(envelope("<Sum>15</Sum>")), 200, "<Sum>15</Sum>"},
		{"a fault", 500, type12, memory(fault), 500, "no such sum"},
		{"a fault with 200", 200, type12, memory(fault), 500, "no such sum"},
		{"nothing", 200, "", nil, 202, ""},
		{"nothing, failed", 500, "", nil, 500, "answered 500 without a SOAP message; TrackingId:track"},
		{"a page", 200, "text/html", memory("<p/>"), 500, "answered 200 without a SOAP message; TrackingId:track"},
		{"elsewhere", 302, type12, memory("x"), 500, "the service answered 302 Moved; TrackingId:track"},
		{"not found", 404, type12, memory(fault), 500, "the service answered 404 Moved"},
		{"broken off", 200, type12, broken{memory("")}, 500, "the service's answer broke off"},
		{"too long", 200, type12, memory(strings.Repeat(" ", convert.DefaultMessage+1)), 500, "larger than 4194304 bytes"},
		{"no XML", 200, type12, memory("{}"), 500, "the service's answer cannot be converted"},
		{"another version", 200, text11, memory(envelope("")), 500, "the service's answer cannot be converted"},
	} {
		c := between(t, "soap", "wsHttp", func(context.Context, *shape.Request) (*shape.Response, error) {
			return &shape.Response{Status: row.status, Reason: "Moved", Fields: shape.Fields{{Name: "Content-Type", Value: row.kind}}, Body: row.body}, nil
		})
		res, err := c.Exchange(t.Context(), posts("urn:add", sum11))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		text := said(t, res)
		if res.Status != row.want || !strings.Contains(text, row.says) || (text != "") != (row.says != "") || text != "" && !strings.HasPrefix(res.Fields.Get("Content-Type"), "text/xml") {
			t.Errorf("%s: %d %v %s", row.name, res.Status, res.Fields, text)
		}
	}
	down := fail.New(fail.NoListener, "")
	c := between(t, "soap", "wsHttp", func(context.Context, *shape.Request) (*shape.Response, error) { return nil, down })
	if res, err := c.Exchange(t.Context(), posts("urn:add", sum11)); !errors.Is(err, down) {
		t.Errorf("nobody there: %+v, %v", res, err)
	}
	c.Converter.To, _ = convert.Find(convert.NetTCP)
	c.Dial = func(context.Context) (net.Conn, error) { return nil, down }
	if res, err := c.Exchange(t.Context(), posts("urn:add", sum11)); !errors.Is(err, down) {
		t.Errorf("no service of net.tcp there: %+v, %v", res, err)
	}
}

// TestPassOneWay: a one-way message in the service's binding is delivered when its sender has gone, and not when all of the exchange is over.
func TestPassOneWay(t *testing.T) {
	for _, row := range []struct {
		name   string
		action string
		end    error // what ends the exchange while the service is asked
		ends   bool  // the service sees it
	}{
		{"the sender leaves", "urn:tell", fail.New(fail.SenderGone, ""), false},
		{"the relay is deleted", "urn:tell", fail.New(fail.EntityDeleted, ""), true},
		{"a call, the sender leaves", "urn:add", fail.New(fail.SenderGone, ""), true},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			var seen bool
			c := between(t, "soap", "basicHttp", func(ctx context.Context, req *shape.Request) (*shape.Response, error) {
				if req.Fields.Get("X-Other") != "2" {
					t.Errorf("%s: it was converted: %v", row.name, req.Fields)
				}
				cancel(row.end)
				select {
				case <-ctx.Done():
					seen = true
				case <-time.After(time.Second):
				}
				return &shape.Response{Status: 202, Body: shape.Memory([]byte("so be it"))}, nil
			})
			res, err := c.Exchange(ctx, posts(row.action, sum11))
			if err != nil || res.Status != 202 || said(t, res) != "so be it" {
				t.Errorf("%s: %+v, %v", row.name, res, err)
			}
			if seen != row.ends {
				t.Errorf("%s: the service sees the end: %v", row.name, seen)
			}
		})
	}
	for name, body := range map[string]shape.Body{"broken": broken{shape.Memory(nil)}, "too long": shape.Memory(make([]byte, convert.DefaultMessage+1))} {
		c := between(t, "soap", "basicHttp", func(context.Context, *shape.Request) (*shape.Response, error) {
			return &shape.Response{Status: 200, Body: body}, nil
		})
		if res, err := c.Exchange(t.Context(), posts("urn:tell", sum11)); !fail.Is(err, fail.ListenerLost) {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
	c := between(t, "soap", "basicHttp", func(context.Context, *shape.Request) (*shape.Response, error) {
		return nil, soap.Refuse(soap.V11, soap.Receiver, "the target hung up")
	})
	if res, err := c.Exchange(t.Context(), posts("urn:add", sum11)); err != nil || res.Status != 500 || !strings.Contains(said(t, res), "the target hung up; TrackingId:track") {
		t.Errorf("an error that is SOAP: %+v, %v", res, err)
	}
}

// FuzzExchange: whatever is posted, the service sees a message of its binding or nothing, and the sender hears SOAP, or nothing with 202.
func FuzzExchange(f *testing.F) {
	f.Add(text11, `"urn:add"`, []byte(sum11), []byte(sum11))
	f.Add(text11, `"urn:tell"`, []byte(sum11), []byte(""))
	f.Add(`application/soap+xml; charset=utf-8; action="urn:add"`, "", []byte(strings.ReplaceAll(sum11, "http://schemas.xmlsoap.org/soap/envelope/", soap.Namespace12)), []byte("<"))
	f.Add("multipart/related", "x", []byte("--"), []byte("{}"))
	f.Fuzz(func(t *testing.T, kind, action string, body, answer []byte) {
		c := between(t, "soap", "basicHttp", func(_ context.Context, req *shape.Request) (*shape.Response, error) {
			e, err := encoder.Select(req.Fields.Get("Content-Type"))
			b, _ := io.ReadAll(req.Body)
			if err != nil || e.Version != soap.V11 || e.Form != soap.Text || len(b) == 0 {
				t.Errorf("the service was asked %q %q", req.Fields, b)
			}
			return &shape.Response{Status: 200, Fields: shape.Fields{{Name: "Content-Type", Value: text11}}, Body: shape.Memory(answer)}, nil
		})
		req := posts(action, string(body))
		req.Fields[0].Value, req.Fields[1].Value = kind, action
		res, err := c.Exchange(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		switch text := said(t, res); {
		case res.Status == 202 && text == "", res.Status == 200, res.Status == 500, res.Status == 413, res.Status == 415:
		default:
			t.Errorf("%d %s", res.Status, text)
		}
	})
}

// stream is a body that is no shape.Whole.
type stream struct{ io.Reader }

func (stream) Size() int64  { return -1 }
func (stream) Close() error { return nil }

// TestGather: a body that lies in memory and one that streams are read alike, up to the bound and one byte more, and the first is copied.
func TestGather(t *testing.T) {
	c := &Conversion{Converter: &convert.Converter{Most: 10}}
	for _, text := range []string{"", "x", "exactly 10", "eleven here", "much more than ten"} {
		b := []byte(text)
		whole, err := c.gather(shape.Memory(b))
		read, err2 := c.gather(stream{strings.NewReader(text)})
		if want := text[:min(len(text), 11)]; string(whole) != want || string(read) != want || err != nil || err2 != nil {
			t.Errorf("%q: %q, %v and %q, %v", text, whole, err, read, err2)
		}
		clear(b)
		if len(text) > 0 && whole[0] == 0 {
			t.Errorf("%q is the body's own", text)
		}
	}
}
