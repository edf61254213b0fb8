package shop_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/rpc"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/codec/jsonform"

	"github.com/causeway-relay/causeway/interop/wsdl/shop"
	"github.com/causeway-relay/causeway/soap/xmltext"
	"github.com/causeway-relay/causeway/soap/xsd"
)

func decoder(doc []byte) *codec.Decoder {
	return codec.NewDecoder(xmltext.NewBytes(doc, xmltext.Options{}))
}

func asJSON(err error, into **jsonform.Error) bool { return errors.As(err, into) }

// service serves all port types.
type service struct{ told chan bool }

func (s *service) Place(ctx context.Context, in *shop.Order) (*shop.Receipt, error) {
	if in.Count != nil && *in.Count > 9 {
		return nil, &shop.OutOfStockFault{Detail: &shop.OutOfStock{Left: 9}}
	}
	if session, ok, err := shop.SessionHeaderFrom(ctx); ok && err == nil {
		if session == "old" {
			when := xsd.DateTimeOf(time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC), true)
			if err := shop.SetExpiredHeader(ctx, when); err != nil {
				return nil, err
			}
			return nil, soap.NewFault(soap.Sender, "the session has expired")
		}
		if err := shop.SetTraceHeader(ctx, "of "+session); err != nil {
			return nil, err
		}
	}
	return &shop.Receipt{No: xsd.IntegerOf(42)}, nil
}

func (*service) Draw(_ context.Context, in *shop.Path) (*shop.Path, error) { return in, nil }

func (s *service) Notify(_ context.Context, in xsd.Nillable[int32]) error {
	s.told <- in.IsNil()
	return nil
}

func (*service) Ping(context.Context) (string, error) { return "pong", nil }

func (*service) Rate(_ context.Context, in *shop.Rate) (float64, error) {
	if in.From == "" {
		return 0, errors.New("the password is hunter2")
	}
	return float64(len(in.From)) + float64(len(in.To))/10, nil
}

func (*service) Upload(ctx context.Context, in *shop.Receipt) (*shop.Receipt, error) {
	a, ok := shop.ScanAttachmentFrom(ctx)
	if !ok || a.ContentType != "image/png" {
		return nil, soap.NewFault(soap.Sender, "no scan")
	}
	return in, shop.SetStampAttachment(ctx, append([]byte("seen "), a.Body...))
}

func (*service) Move(_ context.Context, in *shop.Move) (*shop.MoveResponse, error) {
	out := &shop.MoveResponse{}
	for _, p := range in.Points {
		out.Points = append(out.Points, &shop.Point{X: p.X + in.By.X, Y: p.Y + in.By.Y})
	}
	return out, nil
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// TestServe: the generated client and server understand each other in both versions, with headers, faults and one-way messages.
func TestServe(t *testing.T) {
	s := &service{told: make(chan bool, 1)}
	url := serve(t, shop.NewShopHandler(s))
	book := "b"
	in := &shop.Order{ID: "1", Customer: &shop.Person{Name: "n"}, Product: []*shop.ProductElement{{Book: &book}}}
	for name, c := range map[string]*shop.ShopClient{"1.1": shop.NewShopClient(url), "1.2": shop.NewShopClient12(url)} {
		var trace string
		out, err := c.Place(t.Context(), in, shop.WithSessionHeader("me"), shop.ReadTraceHeader(&trace))
		if err != nil || out.No.String() != "42" || trace != "of me" {
			t.Errorf("%s: %+v, %q, %v", name, out, trace, err)
		}
		var expired xsd.DateTime
		_, err = c.Place(t.Context(), in, shop.WithSessionHeader("old"), shop.ReadExpiredHeader(&expired))
		if err == nil || !strings.Contains(err.Error(), "expired") || expired.String() != "2026-11-25T10:00:00Z" {
			t.Errorf("%s: a fault of a header: %v, %v", name, expired, err)
		}
		many := int32(10)
		full := *in
		full.Count = &many
		_, err = c.Place(t.Context(), &full)
		var short *shop.OutOfStockFault
		if !errors.As(err, &short) || short.Detail.Left != 9 || !strings.Contains(err.Error(), "outOfStock") {
			t.Errorf("%s: %v", name, err)
		}
		one := int32(1)
		path, err := c.Draw(t.Context(), &shop.Path{Items: []*shop.PathItem{{M: &one}}})
		if err != nil || len(path.Items) != 1 {
			t.Errorf("%s: %+v, %v", name, path, err)
		}
		if err := c.Notify(t.Context(), xsd.Nil[int32]()); err != nil || !<-s.told {
			t.Errorf("%s: %v", name, err)
		}
		if pong, err := c.Ping(t.Context()); err != nil || pong != "pong" {
			t.Errorf("%s: %q, %v", name, pong, err)
		}
		if _, err := c.Place(t.Context(), &shop.Order{}); err == nil || !strings.Contains(err.Error(), "customer") {
			t.Errorf("%s: an order that the schema refuses: %v", name, err)
		}
	}
}

// TestHTTP: a service without SOAP, by GET, by POST, and with parts in the path.
func TestHTTP(t *testing.T) {
	told := make(chan error, 1)
	url := serve(t, shop.NewRatesHandler(&service{}, rpc.HandleError(func(_ string, err error) { told <- err })))
	for name, c := range map[string]*shop.RatesClient{"get": shop.NewRatesClient(url), "post": shop.NewRatesClientPost(url), "path": shop.NewRatesClientGet(url)} {
		if rate, err := c.Rate(t.Context(), &shop.Rate{From: "€ur & /", To: "USD"}); err != nil || rate != float64(len("€ur & /"))+0.3 {
			t.Errorf("%s: %v, %v", name, rate, err)
		}
	}
	_, err := shop.NewRatesClient(url).Rate(t.Context(), &shop.Rate{})
	var status *rpc.StatusError
	if !errors.As(err, &status) || status.Status != http.StatusInternalServerError || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	if err := <-told; err == nil || !strings.Contains(err.Error(), "hunter2") {
		t.Errorf("told %v", err)
	}
	answer, err := http.Get(url + "/Rate?from=a")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK || !strings.Contains(string(text), "rate") || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/xml") {
		t.Errorf("a part is missing, which a lenient reader takes: %s %s", answer.Status, text)
	}
}

// TestAttachments: MIME parts go beside the envelope both ways, and those of senders that know no content ids find their places.
func TestAttachments(t *testing.T) {
	url := serve(t, shop.NewFilesHandler(&service{}))
	c := shop.NewFilesClient(url)
	var stamp rpc.Attachment
	out, err := c.Upload(t.Context(), &shop.Receipt{No: xsd.IntegerOf(1)}, shop.WithScanAttachment([]byte("\x89PNG")), shop.ReadStampAttachment(&stamp))
	if err != nil || out.No.String() != "1" || string(stamp.Body) != "seen \x89PNG" || stamp.ContentType != "image/png" {
		t.Errorf("%+v, %+v, %v", out, stamp, err)
	}
	if _, err := c.Upload(t.Context(), &shop.Receipt{}); err == nil || !strings.Contains(err.Error(), "no scan") {
		t.Errorf("without: %v", err)
	}
	const message = "--x\r\nContent-Type: text/xml\r\n\r\n" +
		`<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><receipt xmlns="urn:example:shop"><no>5</no></receipt></e:Body></e:Envelope>` +
		"\r\n--x\r\nContent-Type: image/png\r\nContent-ID: <a>\r\n\r\nbytes\r\n--x--\r\n"
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(message))
	r.Header.Set("Content-Type", `multipart/related; boundary=x; type="text/xml"`)
	r.Header.Set("Soapaction", `"urn:example:shop/upload"`)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK || !bytes.Contains(text, []byte("seen bytes")) || !strings.Contains(answer.Header.Get("Content-Type"), "multipart/related") {
		t.Errorf("%s: %s", answer.Status, text)
	}
}

// axis is what Apache Axis sends: the values of the wrapper stand behind it, and so do the items of an array.
const axis = `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>
<ns1:move soapenv:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/" xmlns:ns1="urn:example:moves">
<points soapenc:arrayType="ns2:point[2]" xsi:type="soapenc:Array" xmlns:ns2="urn:example:shop" xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"><points href="#id0"/><points href="#id1"/></points>
<by href="#id1"/></ns1:move>
<multiRef id="id0" soapenc:root="0" soapenv:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/" xsi:type="ns3:point" xmlns:ns3="urn:example:shop" xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"><x xsi:type="xsd:int">1</x><y xsi:type="xsd:int">2</y></multiRef>
<multiRef id="id1" soapenc:root="0" soapenv:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/" xsi:type="ns4:point" xmlns:ns4="urn:example:shop" xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"><x xsi:type="xsd:int">10</x><y xsi:type="xsd:int">20</y></multiRef>
</soapenv:Body></soapenv:Envelope>`

// TestEncoded: SOAP's encoding is read with its references, as Axis writes them, and written with types.
func TestEncoded(t *testing.T) {
	url := serve(t, shop.NewMovesHandler(&service{}, rpc.HandleStrict()))
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(axis))
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("Soapaction", `""`)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	for _, part := range []string{"moveResponse", "point[2]", ">11</x>", ">40</y>", `type="tns:point"`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s: %q is not in\n%s", answer.Status, part, text)
		}
	}
	out, err := shop.NewMovesClient(url).Move(t.Context(), &shop.Move{Points: []*shop.Point{{X: 1}}, By: &shop.Point{X: 2}})
	if err != nil || len(out.Points) != 1 || out.Points[0].X != 3 {
		t.Errorf("%+v, %v", out, err)
	}
}

// FuzzOrder: whatever comes, the decoder of a generated type ends with a value or an error, and what it took in strictly it can write.
func FuzzOrder(f *testing.F) {
	f.Add([]byte(head+">"+customer+"</order>"), true)
	f.Add([]byte(head+` odd="1">`+customer+`<card>c</card><iban>i</iban><weight xsi:nil="true" why="x"/><text>a<b>c</b></text><x/></order>`), false)
	f.Add([]byte(head+`><toy/><toy/><customer/>`), false)
	f.Fuzz(func(t *testing.T, doc []byte, strict bool) {
		o, err := shop.OrderMessage().Unmarshal(doc, strict)
		if err != nil || !strict {
			return
		}
		text, err := shop.OrderMessage().Marshal(o)
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		if _, err := shop.OrderMessage().Unmarshal(text, true); err != nil {
			t.Fatalf("written but not read: %v\n%s", err, text)
		}
	})
}

// FuzzJSON: the same of JSON.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"@id":"1","customer":{"$type":"person","name":"x"},"product":[{"book":"b"}],"$any":[{"$element":"e","$mixed":["t",{"$element":"f"}]}]}`))
	f.Add([]byte(`{"text":{"$mixed":["a",{"$element":"b","$":"c"}]},"weight":[{"@why":"x","$":null},1.5,null]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := jsonform.From(shop.OrderMessage(), text)
		if err != nil {
			return
		}
		made, err := shop.OrderMessage().Marshal(o)
		if err != nil {
			return // a value that XML cannot carry, which is told
		}
		if _, err := shop.OrderMessage().Unmarshal(made, false); err != nil {
			t.Fatalf("%v\n%s", err, made)
		}
	})
}
