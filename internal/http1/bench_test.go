package http1

import (
	"bytes"
	"fmt"
	"testing"
)

// listen is the handshake of a .NET listener, many the longest head with the default number of fields.
var (
	listen = []byte(crlf("GET /$hc/hyco?sb-hc-action=listen&sb-hc-id=07bb0eeb-9069-4c0a-9267-15badff72ead HTTP/1.1\nHost: localhost:8443\n" +
		"Relay-User-Agent: azure-relay-dotnet/3.0.1.0 (Unix 6.18.44.657; .NET 10.0.12)\nServiceBusAuthorization: SharedAccessSignature " +
		"sr=http%3A%2F%2Flocalhost%2Fhyco%2F&sig=VE%2BvElBn3eqIZJ7YVtx4AwGRGcsupU2206NBvColgIA%3D&se=1795626815&skn=RootManageSharedAccessKey\n" +
		"Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: gGzhC/qNQZwvwStm9k428g==\n\n"))
	many = func() []byte {
		b := []byte("POST /echo HTTP/1.1\r\nHost: h\r\n")
		for i := range 199 {
			b = fmt.Appendf(b, "X-Field-%d: value %d\r\n", i, i)
		}
		return append(b, "\r\n"...)
	}()
	answer = []byte(crlf("HTTP/1.1 404 Endpoint does not exist. TrackingId:07bb0eeb-9069-4c0a-9267-15badff72ead_G1, SystemTracker:sb://h/hyco, " +
		"Timestamp:2026-11-25T18:06:00\nContent-Length: 0\nConnection: close\n\n"))
)

func decodeOrFail(tb testing.TB, decode decoder, b []byte) *Head {
	tb.Helper()
	h, n, err := decode(b, Limits{})
	if err != nil || n != len(b) {
		tb.Fatalf("took %d of %d bytes, error %v", n, len(b), err)
	}
	return h
}

// The number of allocations is part of the contract: the budget of an accepted connection counts on it.
func TestAllocations(t *testing.T) {
	h, resp := decodeOrFail(t, DecodeRequest, listen), decodeOrFail(t, DecodeResponse, answer)
	buf := make([]byte, 0, 64<<10)
	body := append(AppendChunk(AppendChunk(nil, bytes.Repeat([]byte("x"), 4096)), []byte("y")), "0;a=\"b\"\r\nT: v\r\n\r\n"...)
	for name, test := range map[string]struct {
		most float64
		run  func()
	}{
		"request":           {2, func() { decodeOrFail(t, DecodeRequest, listen) }},
		"many fields":       {3, func() { decodeOrFail(t, DecodeRequest, many) }},
		"response":          {2, func() { decodeOrFail(t, DecodeResponse, answer) }},
		"half a head":       {0, func() { _, _, _ = DecodeRequest(listen[:60], Limits{}) }},
		"Get":               {0, func() { _ = h.Fields.Get("sec-websocket-key") + h.Fields.Get("none") }},
		"HasToken":          {0, func() { _ = h.Fields.HasToken("connection", "upgrade") }},
		"RequestFraming":    {0, func() { _, _ = RequestFraming(h) }},
		"KeepAlive":         {0, func() { _ = KeepAlive(h) }},
		"Host and Origin":   {0, func() { _, _ = h.Host(), h.Origin() }},
		"AppendRequest":     {0, func() { _ = AppendRequest(buf, h) }},
		"AppendResponse":    {0, func() { _ = AppendResponse(buf, resp) }},
		"AppendChunkHeader": {0, func() { _ = AppendChunkHeader(buf, 65536) }},
		"Chunks":            {0, func() { drain(t, body) }},
	} {
		if got := testing.AllocsPerRun(100, test.run); got > test.most {
			t.Errorf("%s: %v allocations, want at most %v", name, got, test.most)
		}
	}
}

func drain(tb testing.TB, b []byte) {
	tb.Helper()
	var c Chunks
	for !c.Done() {
		_, n, err := c.Next(b)
		if err != nil || n == 0 {
			tb.Fatal(n, err)
		}
		b = b[n:]
	}
}

func BenchmarkDecodeRequest(b *testing.B) {
	for name, head := range map[string][]byte{"listen": listen, "200fields": many} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(head)))
			b.ReportAllocs()
			for b.Loop() {
				decodeOrFail(b, DecodeRequest, head)
			}
		})
	}
}

func BenchmarkDecodeResponse(b *testing.B) {
	b.SetBytes(int64(len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		decodeOrFail(b, DecodeResponse, answer)
	}
}

func BenchmarkFieldsGet(b *testing.B) {
	h := decodeOrFail(b, DecodeRequest, listen)
	b.ReportAllocs()
	for b.Loop() {
		if h.Fields.Get("sec-websocket-key") == "" {
			b.Fatal("not found")
		}
	}
}

func BenchmarkAppendResponse(b *testing.B) {
	h := decodeOrFail(b, DecodeResponse, answer)
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendResponse(buf[:0], h)
	}
}

func BenchmarkChunks(b *testing.B) {
	for _, size := range []int{16, 1024, 32 << 10} {
		var body []byte
		for len(body) < 64<<10 {
			body = AppendChunk(body, make([]byte, size))
		}
		body = append(body, LastChunk...)
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				drain(b, body)
			}
		})
	}
}
