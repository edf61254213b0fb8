package http1_test

import (
	"fmt"

	"github.com/causeway-relay/causeway/internal/http1"
)

// A server reads into a buffer, decodes, and reads on while more is needed.
func Example() {
	buf := []byte("POST /echo HTTP/1.1\r\nHost: relay.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
	head, n, err := http1.DecodeRequest(buf, http1.Limits{})
	if err != nil || n == 0 {
		fmt.Println("refuse, or read more", err)
		return
	}
	framing, err := http1.RequestFraming(head)
	fmt.Println(head.Method, head.Origin(), head.Host(), framing.Kind == http1.Chunked, err)

	var body http1.Chunks
	for buf = buf[n:]; !body.Done(); buf = buf[n:] {
		var data []byte
		if data, n, err = body.Next(buf); err != nil || n == 0 {
			fmt.Println("refuse, or read more", err)
			return
		}
		if len(data) > 0 {
			fmt.Printf("%s\n", data)
		}
	}

	answer := http1.Head{Status: 404, Reason: "Endpoint does not exist. TrackingId:x_G1", Fields: http1.Fields{{Name: "Connection", Value: "close"}}}
	http1.Framing{Kind: http1.Length}.Apply(&answer)
	fmt.Printf("%q\n", http1.AppendResponse(nil, &answer))
	// Output:
	// POST /echo relay.localhost true <nil>
	// hello
	// "HTTP/1.1 404 Endpoint does not exist. TrackingId:x_G1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
}
