// Package web owns the way from a relay to one web server: requests of HTTP senders become requests of the server and its answers
// theirs, heads kept as they were written but for what Params says, bodies streamed both ways; a WebSocket sender becomes an upgrade.
//
// It owns a pool of kept connections, sized for the concurrency that it meets. It does not own the relay (package hybrid), nor who
// may reach the server. A Server may be used by any goroutine.
//
// What is changed on the way, and nothing else: Host is that of the server unless Params says otherwise; the beginning of the path
// is mapped; fields of one connection are dropped and framing is anew (Hybrid Connections reference sections 8.3 and 8.5); fields
// that Params adds and removes; in answers, a Location that leads to the server leads to the relay's path.
//
// Sources: RFC 9110, RFC 9112; performance.md points 7 and 8.
package web
