package convert_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// kilobyte is the body of a call of 1 KiB.
var kilobyte = `<Add xmlns="http://tempuri.org/">` + strings.Repeat("<name>twelve chars</name>", 38) + `</Add>`

// few is the body of a call of 1 KiB that has few elements.
var few = `<Add xmlns="http://tempuri.org/">` + strings.Repeat("<item>item 1 of all</item>", 12) + "<rest>" + strings.Repeat("rest", 160) + `</rest></Add>`

// round is a call of 1 KiB of SOAP 1.1 text to net.tcp's binary form, and its answer back, as a connector makes it: in a session for
// each call.
func round(t testing.TB, body string) func() error {
	t.Helper()
	x := newTrip(t, "basicHttp", "netTcp")
	in := x.from.send(x.from.text("", body), wsa.Properties{Action: action})
	in.Body = append([]byte(`<?xml version="1.0" encoding="utf-8"?>`), in.Body...)
	reply := newTrip(t, "basicHttp", "netTcp").to.send(newPeer(t, "netTcp").text("", body), wsa.Properties{Action: action + "Response", RelatesTo: []wsa.Relation{{ID: "urn:uuid:01020300-0000-0000-0000-000000000000"}}})
	return func() error {
		call, err := x.c.Request(in, convert.Options{To: address, ID: [16]byte{1, 2, 3}})
		if err == nil {
			_, _, err = call.Reply(reply)
		}
		return err
	}
}

// BenchmarkCall is both directions of a call: what a conversion adds to it.
func BenchmarkCall(b *testing.B) { bench(b, kilobyte) }

// BenchmarkCallOfFew is the same for a body of few elements.
func BenchmarkCallOfFew(b *testing.B) { bench(b, few) }

func bench(b *testing.B, body string) {
	b.Helper()
	call := round(b, body)
	b.SetBytes(int64(2 * len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkColdCall is both directions of a call whose converter did something else before: the code and the tables of a conversion are
// in no cache that is near, as in a gateway that also carries the call.
func BenchmarkColdCall(b *testing.B) {
	call := round(b, few)
	other := make([]byte, 8<<20)
	var spent time.Duration
	n := 0
	for b.Loop() {
		for i := 0; i < len(other); i += 64 {
			other[i]++
		}
		began := time.Now()
		if err := call(); err != nil {
			b.Fatal(err)
		}
		spent += time.Since(began)
		n++
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(n), "ns/call")
}

// TestAllocations: what a call of 1 KiB and its answer may allocate together. It is the head of two messages, which is kept, and two
// messages; readers and writers, tables and buffers go from message to message.
func TestAllocations(t *testing.T) {
	if raced {
		t.Skip("pools drop what they get under the race detector")
	}
	call := round(t, kilobyte)
	if got := testing.AllocsPerRun(200, func() {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}); got > 10 {
		t.Errorf("%v allocations a call", got)
	}
}

// TestApart: messages that are converted at once and one behind the other have nothing of each other: not a name, not a prefix, not a
// string of a dictionary. Each worker's messages have words that no other has, and differ from message to message in what they
// declare, how long they are and whether they are whole.
func TestApart(t *testing.T) {
	pairs := possible()
	for worker := range 8 {
		t.Run(fmt.Sprint(worker), func(t *testing.T) {
			t.Parallel()
			for i := range 60 {
				pair := pairs[(worker*17+i)%len(pairs)]
				if err := alone(t, pair, worker, i); err != nil {
					t.Fatalf("%s to %s: %v", pair.From, pair.To, err)
				}
			}
		})
	}
}

// TestParametersStay: the parameters of a sender's endpoint go into its answer, however many messages were converted in between.
func TestParametersStay(t *testing.T) {
	x := newTrip(t, "wsHttp", "basicHttp")
	ask := func(own string) convert.Message {
		header := `<a:ReplyTo xmlns:a="http://www.w3.org/2005/08/addressing"><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address>` +
			`<a:ReferenceParameters><k xmlns="urn:` + own + `" v="` + own + `">` + own + `</k></a:ReferenceParameters></a:ReplyTo>`
		in := x.from.send(x.from.text("", body), wsa.Properties{Action: action, MessageID: "urn:m" + own})
		in.Body = bytes.Replace(in.Body, []byte("</s:Header>"), []byte(header+"</s:Header>"), 1)
		return in
	}
	var calls []*convert.Call
	for i := range 10 {
		call, err := x.c.Request(ask(word(0, i)), convert.Options{To: address})
		if err != nil {
			t.Fatal(err)
		}
		calls = append(calls, call)
	}
	for i, call := range calls {
		out, _, err := call.Reply(x.to.send(x.to.text("", body), wsa.Properties{}))
		if err != nil {
			t.Fatal(err)
		}
		own := word(0, i)
		if want := `v="` + own + `"`; !bytes.Contains(out.Body, []byte(want)) || !bytes.Contains(out.Body, []byte(">"+own+"</k>")) {
			t.Errorf("%d: no %s in %s", i, want, out.Body)
		}
	}
}

// word is one that only message i of a worker has.
func word(worker, i int) string { return fmt.Sprintf("w%dm%dx", worker, i) }

// alone converts one message and its answer with words of their own, and wants just what went in.
func alone(t *testing.T, pair convert.Pair, worker, i int) error {
	x := newTrip(t, pair.From, pair.To)
	own := word(worker, i)
	body := `<` + own + ` xmlns="urn:` + own + `" xmlns:` + own + `="urn:p` + own + `"><a ` + own + `:k="` + own + `">` +
		strings.Repeat(own+" &amp; ", i*i%500) + `</a></` + own + `>`
	header := `<h` + own + ` xmlns="urn:h` + own + `">` + own + `</h` + own + `>`
	p := wsa.Properties{Action: "urn:a" + own, MessageID: "urn:m" + own, To: "http://gateway/" + own}
	if x.from.b.Addressing != wsa.None {
		p.ReplyTo = &wsa.EndpointReference{Address: x.from.b.Addressing.Anonymous()}
	}
	in := x.from.send(x.from.text(header, body), p)
	if i%5 == 4 { // what breaks off in the middle leaves a reader in the middle
		cut := in
		cut.Body = in.Body[:len(in.Body)*2/3]
		if call, err := x.c.Request(cut, convert.Options{To: address, ID: [16]byte{9}}); !call.Same && (err == nil || call.Out.Body != nil) { // one in the service's own binding is its business
			return fmt.Errorf("half a message was taken: %q", call.Out.Body)
		}
	}
	call, err := x.c.Request(in, convert.Options{To: address, ID: [16]byte{byte(worker), byte(i)}})
	if err != nil {
		return err
	}
	kept := bytes.Clone(call.Out.Body)
	got, text, _ := x.to.receive(call.Out)
	if want := flat(t, must(x.from.text("", body).Body())); text != want {
		return fmt.Errorf("%s, want %s", text, want)
	}
	reply := x.to.send(x.to.text("", strings.ReplaceAll(body, own, own+"R")), wsa.Properties{Action: "urn:r" + own, RelatesTo: []wsa.Relation{{ID: got.MessageID}}})
	out, _, err := call.Reply(reply)
	if err != nil {
		return err
	}
	if !bytes.Equal(kept, call.Out.Body) {
		return fmt.Errorf("the request changed while its answer was converted: %q, was %q", call.Out.Body, kept)
	}
	for _, b := range [][]byte{call.Out.Body, out.Body} {
		if other := strayed(b, own); other != "" {
			return fmt.Errorf("a word of another message: %s", other)
		}
	}
	if _, text, _ = x.from.receive(out); text != flat(t, must(x.from.text("", strings.ReplaceAll(body, own, own+"R")).Body())) {
		return fmt.Errorf("answer %s", text)
	}
	return nil
}

// strayed gives a word in b that is another message's; "": there is none.
func strayed(b []byte, own string) string {
	for rest := b; ; {
		i := bytes.IndexByte(rest, 'w')
		if i < 0 {
			return ""
		}
		rest = rest[i:]
		var worker, message int
		if n, _ := fmt.Sscanf(string(rest[:min(len(rest), 12)]), "w%dm%dx", &worker, &message); n == 2 && word(worker, message) != own {
			return word(worker, message)
		}
		rest = rest[1:]
	}
}

// TestBehindGiants: a message of some MiB, one of very many names and one that is nested deeply leave a converter as they found it.
func TestBehindGiants(t *testing.T) {
	x := newTrip(t, "basicHttp", "netTcp")
	names := &strings.Builder{}
	for i := range 30000 {
		fmt.Fprintf(names, "<n%d/>", i)
	}
	for _, giant := range []string{
		strings.Repeat("long &lt; ", 300000), names.String(),
		strings.Repeat(`<a xmlns:b="urn:b" b:c="1">`, 100) + strings.Repeat("</a>", 100),
	} {
		in := x.from.send(x.from.text("", "<b>"+giant+"</b>"), wsa.Properties{Action: action})
		if _, err := x.c.Request(in, convert.Options{To: address}); err != nil {
			t.Fatal(err)
		}
		call, err := x.c.Request(x.request(""), convert.Options{To: address})
		if err != nil {
			t.Fatal(err)
		}
		x.to.r = xmlbin.NewReaderSession(0)
		if _, got, _ := x.to.receive(call.Out); got != flat(t, must(x.from.text("", body).Body())) {
			t.Error(got)
		}
		if len(call.Out.Body) > 2<<10 || cap(call.Out.Body) > 4<<10 {
			t.Errorf("%d bytes in room for %d", len(call.Out.Body), cap(call.Out.Body))
		}
	}
}
