// Package hybrid lets Go programs listen on and dial hybrid connections as they listen on and dial TCP: Listen gives a
// net.Listener that works from behind a firewall, Dial a net.Conn to whoever listens. It talks to a gateway of this project
// and to the Azure Relay service alike.
//
//	l, err := hybrid.Listen(ctx, os.Getenv("CAUSEWAY_CONNECTION_STRING"), hybrid.WithEntity("web"))
//	...
//	http.Serve(l, handler)
//
// Serve answers HTTP requests with an http.Handler, as http.ListenAndServe does, and Transport sends them.
//
// A connection is a stream of bytes (Read, Write, CloseWrite) and, at the same time, a sequence of messages, text or binary
// (ReadMessage, NextReader, WriteMessage), because the protocol keeps what the peer put into one message together.
//
// The package owns a listener's control channel with its reconnects and renewals, the rendezvous, and the handshake of a
// sender. It does not own the messages and addresses of the protocol (hybrid/wire), the stream's frames and their deadlines
// (internal/wsconn), whom to trust (internal/trust) or anything of a gateway. What answers HTTP requests (exchange, handler), a
// web server's side of a WebSocket (upgrade), streams without frames (rawconn) and HTTP proxies (proxy) are in hybrid/internal.
// HTTP requests for a listener without an exchanger are answered with 501, as the .NET library does when it has no handler.
//
// Whole messages of the control channel are read with gorilla/websocket. Streams are not: a net.Conn must survive a deadline,
// end one direction alone and move bytes without an allocation, and gorilla's connection can do none of the three.
//
// Every function and method may be called from any goroutine. Of one Conn, one goroutine reads and one other writes at a time;
// more wait for each other.
//
// Sources: Hybrid Connections reference sections 2 (addresses), 4 (tokens), 5 (errors), 6 (control channel), 7 (rendezvous,
// half-close), 8 (HTTP requests) and 10 (connection string); RFC 6455; contracts sections 1 and 2; docs/agent.md.
package hybrid
