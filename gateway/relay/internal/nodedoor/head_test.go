package nodedoor

import (
	"bufio"
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
)

var sameAddr = cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })

// text is any string that a peer may have sent; most are ordinary.
func text() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[ -~]{0,20}`),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{"", " ", "%", "%41", "\r\n\r\n", "a\x00b", "\t", " x ", "\xff\xfe", "Content-Length", "Transfer-Encoding"}),
	)
}

func fields() *rapid.Generator[shape.Fields] {
	return rapid.Custom(func(t *rapid.T) shape.Fields {
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) shape.Field {
			return shape.Field{Name: text().Draw(t, "name"), Value: text().Draw(t, "value")}
		}), 0, 20).Draw(t, "fields")
	})
}

// TestRequestArrives: whatever stands in a request, it is the same at the other node, and its framing is ours alone.
func TestRequestArrives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := call{
			id: rapid.Uint64().Draw(t, "id"), channel: rapid.Uint64().Draw(t, "channel"),
			req: shape.Request{
				Method: text().Draw(t, "method"),
				Hello: shape.Hello{
					Tracking: text().Draw(t, "tracking"), At: entity.Address{Namespace: text().Draw(t, "namespace"), Path: text().Draw(t, "path")},
					Target: text().Draw(t, "target"), Host: text().Draw(t, "host"), Door: text().Draw(t, "door"),
					Fields: fields().Draw(t, "fields"), Offers: rapid.SliceOfN(text(), 0, 3).Draw(t, "offers"),
					Node: uint16(rapid.IntRange(1, 65535).Draw(t, "node")),
				},
			},
		}
		if rapid.Bool().Draw(t, "remote") {
			want.req.Remote = netip.AddrPortFrom(netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address"))), 80)
		}
		f := rapid.SampledFrom([]http1.Framing{{Kind: http1.Length}, {Kind: http1.Length, Length: 1 << 40}, {Kind: http1.Chunked}}).Draw(t, "framing")
		b := appendRequest(nil, 9, want.id, want.channel, &want.req, f)
		h, err := http1.ReadRequest(bufio.NewReader(bytes.NewReader(b)), limits())
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if got, err := http1.RequestFraming(h); err != nil || got != f {
			t.Fatalf("framing %+v, %v, want %+v", got, err, f)
		}
		got, err := decodeRequest(h)
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if len(want.req.Fields) == 0 {
			want.req.Fields, got.req.Fields = nil, nil
		}
		if len(want.req.Offers) == 0 {
			want.req.Offers = nil
		}
		if diff := cmp.Diff(want.req, got.req, sameAddr); diff != "" || got.id != want.id || got.channel != want.channel {
			t.Fatalf("%q: %s", b, diff)
		}
	})
}

// TestResponseArrives: the same of a response and of an error.
func TestResponseArrives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := shape.Response{Status: rapid.IntRange(100, 999).Draw(t, "status"), Reason: text().Draw(t, "reason"), Fields: fields().Draw(t, "fields")}
		ticket := shape.Ticket(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "ticket"))
		got, err := readAnswer(appendResponse(nil, &want, ticket, http1.Framing{Kind: http1.Chunked}))
		if err != nil || got.err != nil || got.ticket != ticket {
			t.Fatalf("%+v, %v", got, err)
		}
		if len(want.Fields) == 0 {
			want.Fields, got.resp.Fields = nil, nil
		}
		if diff := cmp.Diff(&want, got.resp); diff != "" {
			t.Fatal(diff)
		}
		no := fail.Error{
			Code: rapid.SampledFrom(fail.Codes()).Draw(t, "code"), Op: text().Draw(t, "op"), Target: text().Draw(t, "target"),
			Tracking: text().Draw(t, "tracking"), Text: text().Draw(t, "text"), Status: rapid.IntRange(0, 999).Draw(t, "own status"),
		}
		untaken := rapid.Bool().Draw(t, "untaken")
		got, err = readAnswer(appendError(nil, &no, untaken))
		if err != nil || got.resp != nil {
			t.Fatalf("%+v, %v", got, err)
		}
		if _, marked := errors.AsType[*shape.Untaken](got.err); marked != untaken || *fail.Of(got.err) != no {
			t.Fatalf("%#v, want %#v, untaken %v", fail.Of(got.err), no, untaken)
		}
	})
}

func readAnswer(b []byte) (answer, error) {
	h, err := http1.ReadResponse(bufio.NewReader(bytes.NewReader(b)), limits())
	if err != nil {
		return answer{}, err
	}
	return decodeResponse(h)
}

// TestOrdinaryHead shows the form on the wire, which nodes of two versions share.
func TestOrdinaryHead(t *testing.T) {
	req := shape.Request{Method: "GET", Hello: shape.Hello{
		Tracking: "t", At: entity.Address{Path: "hyco/a"}, Target: "/hyco/a%20b?q", Host: "h:1", Door: "https",
		Fields: shape.Fields{{Name: "x-B", Value: "a b"}, {Name: "Connection", Value: "close"}, {Name: "odd name", Value: " 1"}},
		Remote: netip.MustParseAddrPort("192.0.2.1:5"), Offers: []string{"one"},
	}}
	want := strings.Join([]string{
		"POST / HTTP/1.1", "Host: node", "Content-Length: 3", "Id: 4", "Channel: 7", "Method: GET", "Target: /hyco/a%2520b?q", "Authority: h:1",
		"Door: https", "Tracking: t", "Path: hyco/a", "Remote: 192.0.2.1:5", "Node: 2", "Offer: one", "~x-B: a b", "~Connection: close",
		"^odd%20name: %201", "", "",
	}, "\r\n")
	if got := string(appendRequest(nil, 2, 4, 7, &req, http1.Framing{Kind: http1.Length, Length: 3})); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	resp := shape.Response{Status: 204, Reason: "No", Fields: shape.Fields{{Name: "Set-Cookie", Value: "a"}, {Name: "Set-Cookie", Value: "b"}}}
	want = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nStatus: 204\r\nReason: No\r\nTicket: 000100000000000000000000000000ff\r\n~Set-Cookie: a\r\n~Set-Cookie: b\r\n\r\n"
	if got := string(appendResponse(nil, &resp, shape.Ticket{1: 1, 15: 255}, http1.Framing{Kind: http1.Chunked})); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	want = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nError: Rejected\r\nTracking: t\r\nText: no%0D%0A\r\nStatus: 418\r\nCause: why\r\nUntaken: yes\r\n\r\n"
	if got := string(appendError(nil, &fail.Error{Code: fail.Rejected, Status: 418, Text: "no\r\n", Tracking: "t", Cause: errors.New("why")}, true)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestBadHeads: what no node writes is refused, and a name of a later version is skipped.
func TestBadHeads(t *testing.T) {
	for line, good := range map[string]bool{
		"Later: %": false, "Later: x": true, "Channel: x": false, "Id: -1": false, "Node: 65536": false, "Remote: here": false,
		"Method: %4": false, "Method: %zz": false, "^%: x": false, "^a: %": false, "^a: %0d": false, "^a: %0D": true,
	} {
		h, err := http1.ReadRequest(bufio.NewReader(strings.NewReader("POST / HTTP/1.1\r\nHost: node\r\n"+line+"\r\n\r\n")), limits())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeRequest(h); (err == nil) != good {
			t.Errorf("%s: %v", line, err)
		}
	}
	for line, good := range map[string]bool{
		"Status: x": false, "Status: -1": false, "Status: 70000": false, "Ticket: 00": false, "Ticket: x": false, "^%: x": false, "Reason: %": false, "Later: x": true,
	} {
		if _, err := readAnswer([]byte("HTTP/1.1 200 OK\r\n" + line + "\r\n\r\n")); (err == nil) != good {
			t.Errorf("%s: %v", line, err)
		}
	}
	long := &fail.Error{Code: fail.Internal, Text: strings.Repeat("x", 1<<20), Cause: errors.New(strings.Repeat("\n", 1<<20))}
	if got, err := readAnswer(appendError(nil, long, false)); err != nil || len(fail.Of(got.err).Text) != maxText {
		t.Errorf("a long text: %v", err)
	}
}

// FuzzRequestHead: any bytes are a head that can be written again, or an error, within the bounds.
func FuzzRequestHead(f *testing.F) {
	req := shape.Request{Method: "GET", Hello: shape.Hello{Target: "/%20", Fields: shape.Fields{{Name: "a b", Value: "%"}, {Name: "A", Value: "1"}}}}
	f.Add(appendRequest(nil, 1, 2, 3, &req, http1.Framing{Kind: http1.Chunked}))
	f.Add([]byte("POST / HTTP/1.1\r\nHost: node\r\nRemote: [::1]:80\r\n^%41%00: %25\r\n\r\n"))
	f.Add([]byte("POST / HTTP/1.1\r\nHost: node\r\nNode: 70000\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := http1.ReadRequest(bufio.NewReader(bytes.NewReader(b)), limits())
		if err != nil {
			return
		}
		c, err := decodeRequest(h)
		if err != nil {
			return
		}
		again, err := http1.ReadRequest(bufio.NewReader(bytes.NewReader(appendRequest(nil, 1, c.id, c.channel, &c.req, http1.Framing{Kind: http1.Length}))), http1.Limits{Bytes: 4 * maxHead, Fields: 2 * maxFields})
		if err != nil {
			t.Fatalf("%q: written again: %v", b, err)
		}
		d, err := decodeRequest(again)
		if err != nil {
			t.Fatalf("%q: read again: %v", b, err)
		}
		if c.req.Node == 0 {
			c.req.Node = 1
		}
		if diff := cmp.Diff(c.req, d.req, sameAddr, cmp.Transformer("list", func(f shape.Fields) []http1.Field { return append([]http1.Field{}, f...) })); diff != "" || c.id != d.id || c.channel != d.channel {
			t.Fatalf("%q: %s", b, diff)
		}
	})
}

// FuzzResponseHead: the same of an answer.
func FuzzResponseHead(f *testing.F) {
	f.Add(appendResponse(nil, &shape.Response{Status: 204, Reason: "x", Fields: shape.Fields{{Name: "a b", Value: "\x00"}}}, shape.Ticket{1}, http1.Framing{Kind: http1.Chunked}))
	f.Add(appendError(nil, fail.New(fail.ListenerLost, "x"), true))
	f.Add([]byte("HTTP/1.1 200 OK\r\nError: Later\r\nStatus: 7\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := readAnswer(b)
		if err != nil {
			return
		}
		var again []byte
		if a.err != nil {
			_, untaken := errors.AsType[*shape.Untaken](a.err)
			again = appendError(nil, fail.Of(a.err), untaken)
		} else {
			again = appendResponse(nil, a.resp, a.ticket, http1.Framing{Kind: http1.Chunked})
		}
		if _, err := readAnswer(again); err != nil && len(again) < maxHead {
			t.Fatalf("%q: read again: %v", again, err)
		}
	})
}
