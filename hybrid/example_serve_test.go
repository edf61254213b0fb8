package hybrid_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing/fstest"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/hybrid"
)

// application is a net/http application as any: files, and a chat over WebSockets. It knows nothing of relays.
func application() http.Handler {
	files := fstest.MapFS{"docs/index.html": {Data: []byte("<h1>hello</h1>")}}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(files))
	mux.HandleFunc("/chat", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			kind, message, err := conn.ReadMessage()
			if err != nil || conn.WriteMessage(kind, append([]byte("you said: "), message...)) != nil {
				return
			}
		}
	})
	return mux
}

// An application moves behind a firewall: one line of it changes.
func ExampleServe() {
	connectionString, caFile, stop := startGateway() // elsewhere: CAUSEWAY_CONNECTION_STRING, and no CA file
	defer stop()
	ctx, end := context.WithCancel(context.Background())
	defer end()
	web, trust := hybrid.WithEntity("web"), hybrid.WithCAFile(caFile)
	online := make(chan struct{}, 1)
	var serving sync.WaitGroup
	serving.Go(func() {
		// before: http.ListenAndServe(":8080", application())
		err := hybrid.Serve(ctx, connectionString, application(), web, trust,
			hybrid.WithEvents(func(hybrid.Event) { online <- struct{}{} }))
		if err != nil {
			fmt.Println(err)
		}
	})
	<-online

	// A client in Go; any other sends the token in ServiceBusAuthorization, or needs none where senders are anonymous.
	transport, err := hybrid.NewTransport(connectionString, web, trust)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: transport}
	answer, err := client.Get("http://web/docs") // the file server redirects to /docs/
	if err != nil {
		fmt.Println(err)
		return
	}
	page, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	fmt.Println(answer.StatusCode, string(page))

	chat, err := talk(ctx, connectionString, caFile)
	fmt.Println(chat, err)

	client.CloseIdleConnections()
	end()
	serving.Wait()
	// Output:
	// 200 <h1>hello</h1>
	// you said: hi <nil>
}

// talk is a WebSocket client that knows an address and a token, as one in a browser would.
func talk(ctx context.Context, connectionString, caFile string) (string, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return "", err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	address, header := senderOf(connectionString, "web")
	conn, _, err := dialer.DialContext(ctx, address+"/chat", header)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.WriteMessage(websocket.TextMessage, []byte("hi")); err != nil {
		return "", err
	}
	_, message, err := conn.ReadMessage()
	return string(message), err
}

// A sender's WebSocket is passed on to a web server, which decides about it.
func ExampleSender_Upgrade() {
	connectionString, caFile, stop := startGateway()
	defer stop()
	ctx, web, trust := context.Background(), hybrid.WithEntity("web"), hybrid.WithCAFile(caFile)

	target, err := net.Listen("tcp", "127.0.0.1:0") // the web server
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &http.Server{Handler: http.StripPrefix("/web", application())}
	go func() { _ = server.Serve(target) }()
	defer server.Close()

	var passing sync.WaitGroup
	defer passing.Wait()
	l, err := hybrid.Listen(ctx, connectionString, web, trust, hybrid.WithSenders(func(_ context.Context, s *hybrid.Sender) {
		near := s.Upgrade()
		far, err := net.Dial("tcp", target.Addr().String())
		if err != nil {
			near.Close() // 502
			return
		}
		var head strings.Builder
		fmt.Fprintf(&head, "GET %s HTTP/1.1\r\n", s.Request().Target)
		for _, f := range s.Request().Fields {
			fmt.Fprintf(&head, "%s: %s\r\n", f.Name, f.Value)
		}
		_, _ = io.WriteString(far, head.String()+"\r\n")
		for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
			passing.Go(func() {
				_, _ = io.Copy(way[0], way[1])
				way[0].Close()
			})
		}
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()

	fmt.Println(talk(ctx, connectionString, caFile))
	// Output: you said: hi <nil>
}
