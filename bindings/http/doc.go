// Package http is the entry of WCF's HTTP bindings and of every other SOAP stack over HTTP: plain clients call
// https://GATEWAY/NAME/..., and their exchanges are relayed to whatever listener holds NAME.
//
// It owns what the gateway does because a request is SOAP or its entity is of kind http: the sender's right by name and key, the
// action for logs and policies, failures as faults in the sender's version and addressing (errors.go is the table), and
// addresses in metadata, which become the relay's. Bodies are relayed untouched, metadata apart, and are never parsed: the first
// bytes are looked at where that tells more than the head does.
//
// It does not own HTTP (internal/httpserve, gateway/front), WebSocket upgrades, nor requests that are neither SOAP nor for an
// entity of kind http: those are the hybrid entry's.
//
// Sources: WCF wire reference sections 6 to 8, 10, 15 and 16; WCF relay reference sections 12.6 to 12.8.
//
// Entry is safe for concurrent use. One goroutine serves a request; the relay pulls its body from another.
package http
