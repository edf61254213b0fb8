// Package trust owns how a client finds the gateway it means: which certificates it believes, what a loopback name is, where
// the local CA of this machine lies, and what to tell a person when the gateway could not be reached. Commands and the Go
// API share it, so that a connection string works the same everywhere.
//
// It opens no connection and signs nothing. It reads files and, in Default only, the environment. All functions may be called
// from any goroutine.
//
// Sources: architecture section 5 (trust: --ca-file, else CAUSEWAY_CA_FILE, else the system's roots and, for loopback hosts,
// the local CA); RFC 6761 section 6.3 (localhost).
package trust
