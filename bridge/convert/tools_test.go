package convert

import (
	"bytes"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// TestGiven: tools that were given back refer to no message, and hold no more memory than is kept.
func TestGiven(t *testing.T) {
	x := take()
	x.out.most = 1 << 20
	if _, err := x.out.Write(make([]byte, keep+1)); err != nil {
		t.Fatal(err)
	}
	x.text.Begin(append([]byte("<a>"), bytes.Repeat([]byte("b&amp;"), keep)...), xmltext.Options{Quotas: infoset.Buffered()})
	for {
		if _, err := x.text.Next(); err != nil {
			break
		}
	}
	x.give()
	if cap(x.out.b) > keep || x.out.full || len(x.out.b) > 0 {
		t.Errorf("%d bytes of room", cap(x.out.b))
	}
	for name, r := range map[string]infoset.Reader{"text": &x.text, "binary": &x.binary} {
		if tok, err := r.Next(); err == nil {
			t.Errorf("%s: a released reader gives %v", name, tok)
		}
		if r.Depth() != 0 || r.Path() != "" {
			t.Errorf("%s: at %q", name, r.Path())
		}
	}
	if x.told.TableSize() != 1 || x.in.Len() != 0 {
		t.Error("dictionaries are not empty")
	}
}

// FuzzReused checks that a conversion with tools that were used before, for what came to an end or broke off, does as one with new ones.
func FuzzReused(f *testing.F) {
	const (
		head = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><h xmlns="urn:h" a="1">&amp;x</h></s:Header><s:Body>`
		foot = `</s:Body></s:Envelope>`
	)
	f.Add(uint8(0), uint8(0), []byte(head+`<a xmlns="urn:a"><b>1</b></a>`+foot), []byte(head+`<c xmlns="urn:c">2</c>`+foot))
	f.Add(uint8(1), uint8(2), []byte(head+`<a xmlns="urn:a"><b>`), []byte(head+`<a xmlns="urn:a" xmlns:p="urn:p" p:q="r"/>`+foot))
	f.Add(uint8(3), uint8(1), []byte(`<!DOCTYPE a>`), []byte(head+`<n>`+string(bytes.Repeat([]byte("text "), 100))+`</n>`+foot))
	every, _ := Find(AnySOAP)
	targets := []string{"netTcp", "wsHttp", "netHttp", "wsHttpMtom", "soap12", "wsHttp2004"}
	run := func(t *tools, target string, b []byte) (Message, error) {
		to, _ := Find(target)
		call := &Call{c: &Converter{From: every, To: to, Most: 64 << 10}, o: Options{To: "net.tcp://h/svc", ID: [16]byte{1}}}
		err := call.request(t, Message{ContentType: "text/xml; charset=utf-8", SOAPAction: []string{`"urn:a"`}, Body: b})
		return call.Out, err
	}
	f.Fuzz(func(t *testing.T, n, m uint8, first, second []byte) {
		used, fresh := newTools(), newTools()
		_, _ = run(used, targets[int(n)%len(targets)], first)
		used.clean(8)
		target := targets[int(m)%len(targets)]
		got, err := run(used, target, second)
		want, err2 := run(fresh, target, second)
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() || !bytes.Equal(got.Body, want.Body) || got.ContentType != want.ContentType {
			t.Fatalf("used before: %v\n%q\nnew: %v\n%q", err, got.Body, err2, want.Body)
		}
	})
}
