package hybrid_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid"
)

// A web server that nobody could reach, and a client that does.
func Example() {
	connectionString, caFile, stop := startGateway() // elsewhere: CAUSEWAY_CONNECTION_STRING, and no CA file
	defer stop()
	ctx, trust := context.Background(), hybrid.WithCAFile(caFile)

	l, err := hybrid.Listen(ctx, connectionString, hybrid.WithEntity("web"), trust)
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello, %s", r.URL.Path[1:])
	})}
	go func() { _ = server.Serve(l) }()
	defer server.Close()

	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return hybrid.Dial(ctx, connectionString, hybrid.WithEntity("web"), trust)
		},
	}}
	answer, err := client.Get("http://web/gopher")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	fmt.Println(string(body), err)
	// Output: hello, gopher <nil>
}

// Half-close: the question ends, the answer comes.
func ExampleConn_CloseWrite() {
	connectionString, caFile, stop := startGateway()
	defer stop()
	ctx, trust, web := context.Background(), hybrid.WithCAFile(caFile), hybrid.WithEntity("web")
	l, err := hybrid.Listen(ctx, connectionString, web, trust)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		question, _ := io.ReadAll(c)
		fmt.Fprintf(c, "%d bytes", len(question))
	}()

	c, err := hybrid.Dial(ctx, connectionString, web, trust)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, "how long is this?")
	_ = c.CloseWrite()
	answer, err := io.ReadAll(c)
	fmt.Println(string(answer), err)
	<-done
	// Output: 17 bytes <nil>
}

// A listener that looks at each sender first, and a sender that reads why it was turned away.
func ExampleWithAcceptHook() {
	connectionString, caFile, stop := startGateway()
	defer stop()
	ctx, trust, web := context.Background(), hybrid.WithCAFile(caFile), hybrid.WithEntity("web")
	l, err := hybrid.Listen(ctx, connectionString, web, trust,
		hybrid.WithAcceptHook(func(_ context.Context, r *hybrid.Request) (string, error) {
			if r.URL.Query().Get("tenant") == "" {
				return "", hybrid.Reject(http.StatusForbidden, "name a tenant")
			}
			return "", nil
		}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()

	_, err = hybrid.Dial(ctx, connectionString, web, trust, hybrid.WithTarget("?color=blue"))
	var no *hybrid.Error
	if errors.As(err, &no) && no.Code == fail.Rejected {
		fmt.Println(no.Status, no.Reason)
	}
	// Output: 403 name a tenant
}

// Messages keep their kind and their ends.
func ExampleConn_ReadMessage() {
	connectionString, caFile, stop := startGateway()
	defer stop()
	ctx, trust, web := context.Background(), hybrid.WithCAFile(caFile), hybrid.WithEntity("web")
	l, err := hybrid.Listen(ctx, connectionString, web, trust)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	sender, err := hybrid.Dial(ctx, connectionString, web, trust)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sender.Abort()
	listener, err := l.AcceptConn()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer listener.Abort()

	_ = sender.WriteMessage(hybrid.Text, []byte(`{"a":1}`))
	_ = sender.WriteMessage(hybrid.Binary, []byte{1, 2, 3})
	for range 2 {
		kind, message, err := listener.ReadMessage(nil)
		fmt.Println(kind, len(message), err)
	}
	// Output:
	// text 7 <nil>
	// binary 3 <nil>
}
