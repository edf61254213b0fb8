package http

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/leg"
)

// stored is a body in memory that is read again and again, as the front door gives one: by its reads alone.
type stored struct{ bytes.Reader }

func (s *stored) Size() int64 { return s.Reader.Size() }
func (*stored) Close() error  { return nil }

// message is a call of n bytes.
func message(version string, n int) []byte {
	head := `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Add xmlns="http://tempuri.org/"><a>`
	if version == "1.2" {
		head = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action s:mustUnderstand="1">http://tempuri.org/ICalc/Add</a:Action>` +
			`<a:MessageID>urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66</a:MessageID><a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>` +
			`<a:To s:mustUnderstand="1">https://relay.example.com/calc</a:To></s:Header><s:Body><Add xmlns="http://tempuri.org/"><a>`
	}
	const tail = `</a></Add></s:Body></s:Envelope>`
	return []byte(head + strings.Repeat("7", n-len(head)-len(tail)) + tail)
}

// headOf is the head of a call.
func headOf(version string) *http1.Head {
	h := &http1.Head{Method: "POST", Target: "/calc"}
	if version == "1.2" {
		h.Fields.Add("Content-Type", "application/soap+xml; charset=utf-8")
	} else {
		h.Fields.Add("Content-Type", "text/xml; charset=utf-8")
		h.Fields.Add("SOAPAction", `"http://tempuri.org/ICalc/Add"`)
	}
	return h
}

// aware is what the gateway does with a request because it is SOAP, and reads the body to its end.
func aware(v *visit, body *stored, b, into []byte) error {
	body.Reset(b)
	v.form = formOf(v.arrival.Head)
	v.said, v.req.Hello = said{}, shape.Hello{}
	out, refusal := v.listen(body)
	if refusal != nil {
		return refusal
	}
	for {
		if _, err := out.Read(into); errors.Is(err, io.EOF) {
			return out.Close()
		} else if err != nil {
			return err
		}
	}
}

func newVisit(version string) *visit {
	return &visit{arrival: &leg.Arrival{Head: headOf(version), TLS: true}, entity: &entity.Entity{AnonymousSenders: true}, entry: &Entry{}}
}

// BenchmarkAware measures that.
func BenchmarkAware(b *testing.B) {
	for _, version := range []string{"1.1", "1.2"} {
		for _, size := range []int{1 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("%s/%d", version, size), func(b *testing.B) {
				v, body, text, into := newVisit(version), &stored{}, message(version, size), make([]byte, 32<<10)
				b.ReportAllocs()
				for b.Loop() {
					if err := aware(v, body, text, into); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// TestAwarenessAllocates: what a call costs because it is SOAP does not grow with the message, and is a handful of small pieces: the parts of
// the content type, the body that was looked into, and the texts that logs and policies get.
func TestAwarenessAllocates(t *testing.T) {
	for version, most := range map[string]float64{"1.1": 3, "1.2": 6} {
		v, body, into := newVisit(version), &stored{}, make([]byte, 32<<10)
		for _, size := range []int{1 << 10, 64 << 10, 1 << 20} {
			text := message(version, size) // read by 32 KiB
			n := testing.AllocsPerRun(200, func() {
				if err := aware(v, body, text, into); err != nil {
					t.Fatal(err)
				}
			})
			if raceEnabled { // the detector lets pools forget on purpose
				continue
			}
			if n > most {
				t.Errorf("SOAP %s, %d bytes: %v allocations, at most %v", version, size, n, most)
			}
		}
		if want := map[string]string{"1.1": "http://tempuri.org/ICalc/Add", "1.2": "http://tempuri.org/ICalc/Add https://relay.example.com/calc"}[version]; strings.TrimSpace(v.req.Action+" "+v.req.To) != want {
			t.Errorf("SOAP %s: action %q, to %q", version, v.req.Action, v.req.To)
		}
	}
}
