// Package azbridge reads what users of azbridge have: its configuration file, its command line and the grammar of its
// forwardings. It turns them into connectors, and says of everything that has no counterpart here what to do instead.
//
// It owns syntax and meaning of those, nothing that runs (bridge/connect) and no file: bytes come in, values go out. Secrets are
// in connectors only, never in a Problem. Functions may be called from any goroutine; a Settings belongs to one.
//
// Source: Hybrid Connections reference section 16.7.
package azbridge
