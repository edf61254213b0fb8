// Package client asks a gateway's management API: what the commands do, they do by it. It owns where the API of a
// connection string is, how a request is signed, and the kinds of failure that a program wants apart: the
// gateway said no (Error), or nobody who is the gateway answered (Unreachable).
//
// Whom to trust and what to advise is internal/trust's. It reads no environment and no settings; callers hand them in. A Client is safe for concurrent use.
//
// Sources: contracts section 4; architecture section 5 (trust); Hybrid Connections reference sections 4.2, 4.3 and 10.
package client
